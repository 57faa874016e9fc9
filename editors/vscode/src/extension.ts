/** The extension: it finds `nnxlint`, starts its server, and leaves everything else to that. */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, RevealOutputChannelOn, ServerOptions } from "vscode-languageclient/node";

const FIX_ALL = "source.fixAll.nnxlint";
/** A server that is started with other values of these is another server. */
const OF_THE_PROCESS = ["nnxlint.path", "nnxlint.args"];

let client: LanguageClient | undefined;
/** Starts and ends follow each other: two of them at once would leave a server behind. */
let turn: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const log = vscode.window.createOutputChannel("nnxlint", { log: true });
  const restart = () => queued(async () => {
    await end();
    await begin(log);
  });
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("nnxlint.restart", restart),
    vscode.commands.registerCommand("nnxlint.fixAll", fixAll),
    vscode.commands.registerCommand("nnxlint.showLog", () => log.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (OF_THE_PROCESS.some((key) => event.affectsConfiguration(key))) {
        await restart();
      }
    }),
  );
  await restart();
}

export async function deactivate(): Promise<void> {
  await queued(end);
}

function queued(work: () => Promise<void>): Promise<void> {
  turn = turn.then(work, work);
  return turn;
}

async function begin(log: vscode.LogOutputChannel): Promise<void> {
  const settings = vscode.workspace.getConfiguration("nnxlint");
  const command = await findProgram(settings.get<string>("path", ""));
  const server: ServerOptions = { command, args: ["server", ...settings.get<string[]>("args", [])] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
      { notebook: "jupyter-notebook", language: "python" },
    ],
    initializationOptions: { nnxlint: preferences(settings) },
    synchronize: { configurationSection: "nnxlint" },
    outputChannel: log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
  };
  const started = new LanguageClient("nnxlint", "nnxlint", server, options);
  try {
    await started.start();
    client = started;
    log.info(`${command} runs`);
  } catch (error) {
    await started.dispose().catch(() => undefined);
    void tellFailure(command, error, log); // waits for an answer, for which nothing else waits
  }
}

async function end(): Promise<void> {
  const ending = client;
  client = undefined;
  await ending?.dispose().catch(() => undefined);
}

/** What the server is told before it can ask: all that is about its work, nothing that is about its process. */
function preferences(settings: vscode.WorkspaceConfiguration): Record<string, unknown> {
  const told = ["enable", "diagnosticMode", "unsafeFixes", "inlayHints", "verifyTimeout"];
  const optional = ["config", "flaxVersion", "select", "extendSelect", "ignore"];
  return Object.fromEntries([...told, ...optional].map((key) => [key, settings.get(key)]));
}

/** The program of the settings, else the one beside the chosen Python, else the one on the path. */
async function findProgram(written: string): Promise<string> {
  if (written) {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "";
    return written.replace(/\$\{workspaceFolder\}/g, folder);
  }
  const python = await chosenPython();
  const name = process.platform === "win32" ? "nnxlint.exe" : "nnxlint";
  const beside = python ? join(dirname(python), name) : "";
  return beside && existsSync(beside) ? beside : "nnxlint";
}

/** The interpreter that the Python extension has chosen, where there is that extension. */
async function chosenPython(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension("ms-python.python");
  if (!extension) {
    return undefined;
  }
  try {
    const api = await extension.activate();
    const chosen = api?.environments?.getActiveEnvironmentPath?.(vscode.workspace.workspaceFolders?.[0]?.uri);
    const environment = chosen && (await api.environments.resolveEnvironment(chosen));
    return environment?.executable?.uri?.fsPath;
  } catch {
    return undefined;
  }
}

async function fixAll(): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document) {
    return;
  }
  const everything = new vscode.Range(0, 0, document.lineCount, 0);
  const kind = vscode.CodeActionKind.SourceFixAll.append("nnxlint").value;
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider", document.uri, everything, kind, 1,
  );
  const action = actions?.find((each) => each.kind?.value === FIX_ALL);
  if (action?.edit) {
    await vscode.workspace.applyEdit(action.edit);
  } else {
    vscode.window.setStatusBarMessage("nnxlint: nothing to fix in this file", 3000);
  }
}

async function tellFailure(command: string, error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  log.error(`${command} server: ${reason}`);
  const message = `nnxlint did not start (${command} server). Is it installed, with its extra lsp?`;
  const answer = await vscode.window.showErrorMessage(message, "Show the Log", "Open Settings");
  if (answer === "Show the Log") {
    log.show();
  } else if (answer === "Open Settings") {
    await vscode.commands.executeCommand("workbench.action.openSettings", "nnxlint.path");
  }
}
