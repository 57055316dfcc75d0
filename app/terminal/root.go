package terminal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// usageError is a command line that makes no sense.
type usageError struct{ cause error }

func (e usageError) Error() string { return e.cause.Error() }
func (e usageError) Unwrap() error { return e.cause }

func wrongUsage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

const longHelp = `Lightproof backs up photos, encrypted on this computer, to places of your choice, and proves file by file that they came back.

The usual order:
  lightproof setup
  lightproof folders add ~/Pictures
  lightproof destinations add folder /media/drive/Lightproof
  lightproof backup
  lightproof status

A command ends with:
  0  done, nothing needs you
  1  failed
  2  wrong usage
  3  done, but some need you; for status: when red or grey

Secrets are read from files (--passphrase-file and the like: first line, without its line end) or from hidden prompts, never from
arguments or the environment. With --json, every command prints its one answer as JSON on standard output; times in it are
RFC 3339, sizes are bytes. Without --home, everything that Lightproof keeps on this computer is in:
  %s`

// endings stand below every help.
const endings = `
Ends with 0: done, nothing needs you · 1: failed · 2: wrong usage · 3: done, some need you
`

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "lightproof",
		Short:             "Photo backup that proves what it keeps",
		Long:              fmt.Sprintf(longHelp, DefaultHome()),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.NoArgs,
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.home == "" {
				return wrongUsage("--home names no folder")
			}
			home, err := filepath.Abs(a.home)
			if err != nil {
				return err
			}
			a.home = home
			return nil
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(root.UsageTemplate() + endings)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	root.PersistentFlags().StringVar(&a.home, "home", DefaultHome(), "folder for everything that Lightproof keeps on this computer")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print the answer as JSON instead of text")
	root.PersistentFlags().Lookup("home").DefValue = "" // said in the long help; it differs from person to person
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	a.files = map[string]*string{}
	root.AddCommand(a.setupCommand(), a.foldersCommand(), a.destinationsCommand(), a.backupCommand(), a.pauseCommand(), a.resumeCommand(),
		a.statusCommand(), a.problemsCommand(), a.photosCommand(), a.versionsCommand(), a.restoreCommand(), a.verifyCommand(), a.practiceCommand(),
		a.kitCommand(), a.passphraseCommand(), a.lockCommand(), a.recoverCommand(), a.adoptCommand(), a.keeperCommand(), a.versionCommand())
	wrapArgs(root)
	return root
}

// wrapArgs makes every complaint about arguments a usageError.
func wrapArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		wrapArgs(sub)
	}
}

// group is a command that only holds others.
func group(use, short string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		return wrongUsage("%s needs one of its commands; see %s --help", c.CommandPath(), c.CommandPath())
	}}
	c.AddCommand(sub...)
	return c
}

// execute runs the command line and turns what came of it into an exit code.
func (a *app) execute(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	if err == nil {
		return a.code
	}
	a.json = a.json || slices.Contains(args, "--json") // an unknown command ends the reading of flags
	var usage usageError
	if errors.As(err, &usage) {
		a.showUsageError(c, usage)
		return Usage
	}
	a.showError(err)
	return Failed
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		return a.print(struct {
			Version string `json:"version"`
		}{a.Version}, func(p *page) { p.line("Lightproof %s", a.Version) })
	}}
}
