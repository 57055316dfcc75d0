// Package terminal is Lightproof without a window: the same engine at a command line, for headless machines and scripts.
//
// Each command finds the engine by itself. If a keeper serves the home, the command is its client; otherwise the command takes the
// engine's lock, runs the engine in its own process and ends it again. What needs the unlocked side (photos, versions, restore,
// kit) opens it for the length of the command, under the reader's lock: nothing stays open between commands.
//
// Secrets come from files or hidden prompts only, never from arguments or the environment, where other programs could read them.
// Answers go to standard output, for people or, with --json, as one JSON object; everything else goes to standard error.
package terminal
