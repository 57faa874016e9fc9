//! Starts `nnxlint server`: the one that the settings name, else the one on the path of the project's shell.

use zed_extension_api::{self as zed, serde_json, settings::LspSettings, LanguageServerId, Result};

struct Nnxlint;

impl zed::Extension for Nnxlint {
    fn new() -> Self {
        Self
    }

    fn language_server_command(
        &mut self,
        server: &LanguageServerId,
        worktree: &zed::Worktree,
    ) -> Result<zed::Command> {
        let written = LspSettings::for_worktree(server.as_ref(), worktree)?.binary;
        let path = written.as_ref().and_then(|binary| binary.path.clone());
        let arguments = written.and_then(|binary| binary.arguments);
        Ok(zed::Command {
            command: path
                .or_else(|| worktree.which("nnxlint"))
                .ok_or("nnxlint is not installed: install it with its extra lsp")?,
            args: arguments.unwrap_or_else(|| vec!["server".into()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        server: &LanguageServerId,
        worktree: &zed::Worktree,
    ) -> Result<Option<serde_json::Value>> {
        Ok(LspSettings::for_worktree(server.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(Nnxlint);
