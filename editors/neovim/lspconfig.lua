-- For Neovim before 0.11 with nvim-lspconfig: `dofile` this, or copy it into init.lua.
local configs = require("lspconfig.configs")
local util = require("lspconfig.util")

if not configs.nnxlint then
  configs.nnxlint = {
    default_config = {
      cmd = { "nnxlint", "server" },
      filetypes = { "python" },
      root_dir = util.root_pattern("nnxlint.toml", "pyproject.toml", ".git"),
      single_file_support = true,
    },
  }
end

require("lspconfig").nnxlint.setup({
  -- init_options = { unsafeFixes = false, diagnosticMode = "openFilesOnly" },
})
