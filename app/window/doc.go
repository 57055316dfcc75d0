// Package window is the window of Lightproof. State comes in from a backup.Service, presenters (package present, which knows no
// toolkit) turn it into view models, views show them, and intents go back to the service. Everything slow runs off the screen's
// thread and comes back through one dispatcher.
package window
