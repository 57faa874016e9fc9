-- For Neovim 0.11 and newer: put this file into ~/.config/nvim/lsp/, and `vim.lsp.enable("nnxlint")` into init.lua.
---@type vim.lsp.Config
return {
  cmd = { "nnxlint", "server" },
  filetypes = { "python" },
  root_markers = { "nnxlint.toml", "pyproject.toml", ".git" },
  -- init_options = { unsafeFixes = false, inlayHints = true, diagnosticMode = "openFilesOnly" },
}
