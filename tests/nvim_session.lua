-- A session of Neovim with the server: what is found is seen, fixed and seen to be gone. Arguments come from the
-- environment, and what was seen is written to a file as JSON.
local folder, python, out = vim.env.NNXLINT_FOLDER, vim.env.NNXLINT_PYTHON, vim.env.NNXLINT_OUT
local seen = {}

local function finish()
  vim.fn.writefile({ vim.fn.json_encode(seen) }, out)
  vim.cmd("qa!")
end

local function wait(what, ready)
  if not vim.wait(60000, ready, 50) then
    seen.missed = what
    finish()
  end
end

vim.cmd("edit " .. folder .. "/train.py")
local id = vim.lsp.start_client({ name = "nnxlint", cmd = { python, "-m", "nnxlint", "server" }, root_dir = folder })
vim.lsp.buf_attach_client(0, id)

wait("diagnostics", function()
  return #vim.diagnostic.get(0) > 0
end)
local found = vim.diagnostic.get(0)[1]
seen.diagnostic = { line = found.lnum, column = found.col, message = found.message, source = found.source }

vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
local hover = vim.lsp.buf_request_sync(0, "textDocument/hover", vim.lsp.util.make_position_params(0, "utf-16"), 60000)
for _, answer in pairs(hover or {}) do
  seen.hover = answer.result and answer.result.contents.value
end

vim.ui.select = function(items, options, choose)
  seen.titles = vim.tbl_map(options.format_item or tostring, items)
  for index, item in ipairs(items) do
    if seen.titles[index]:match("^Pass") then
      choose(item, index)
    end
  end
end
vim.lsp.buf.code_action()
wait("the edit", function()
  return vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, true)[1]:match("wrt=nnx.Param") ~= nil
end)
wait("diagnostics that go", function()
  return #vim.diagnostic.get(0) == 0
end)
seen.text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") .. "\n"

vim.lsp.stop_client(id)
wait("the end of the server", function()
  return vim.lsp.get_client_by_id(id) == nil
end)
finish()
