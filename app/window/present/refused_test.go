package present

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"lightproof/app/window/face"
)

func TestEachRefusalOfARestoreReadsAsAMessage(t *testing.T) {
	seen := map[string]string{}
	for code, intent := range map[string]Intent{
		"restore-nothing": ChooseStep, "restore-pattern": ChooseStep, "restore-target": ChooseStep, "restore": ChooseStep, "restore-gone": ContinueRestore,
		"restore-full": ContinueRestore, "restore-away": SeeDestinations, "wrong-disk": SeeDestinations, "locked": Unlock, "engine": StartKeeper,
		"engine-silent": RestartKeeper, "restore-elsewhere": None, "restore-records": None, "newer": None, "no-room": None,
	} {
		m := TellRefusal(now, fmt.Errorf("plan: %w", &Refused{Code: code, Args: map[string]string{"lacking": "38000000000"}, Err: errors.New("inside")}))
		if m.What == "" || m.Why == "" || m.Action.Text == "" || m.Action.Intent != intent || strings.ContainsAny(m.What+m.Why+m.Action.Text, "{}?") {
			t.Errorf("%s reads %+v", code, m)
		}
		if m.Action.Intent == ChooseStep && m.Action.Arg == "" {
			t.Errorf("%s leads to no step", code)
		}
		if other, taken := seen[m.Code]; taken {
			t.Errorf("%s and %s have one message", code, other)
		}
		seen[m.Code] = code
	}
	if m := TellRefusal(now, fmt.Errorf("%w: held", face.ErrElsewhere)); m.Code != "LP605" {
		t.Errorf("%+v", m)
	}
	if m := TellRefusal(now, errors.New("a riddle")); m.Code != "LP614" || m.Action.Arg != "dry" || !strings.Contains(m.What, "a riddle") {
		t.Errorf("%+v", m)
	}
}

func TestAPlanThatCanWriteNothingNamesItsTarget(t *testing.T) {
	d := ShowPlan(face.Plan{Files: 2, Free: -1, Missing: []face.Trouble{{Code: "target", Path: "/mnt/x"}}}, now)
	if d.Good || d.Waivable || d.Told.Code != "LP602" || !strings.Contains(d.Told.What, "/mnt/x") {
		t.Errorf("%+v", d)
	}
}

func TestWhatANewerVersionWroteIsNoWrongPassphrase(t *testing.T) {
	err := fmt.Errorf("open: %w", &Refused{Code: "newer", Err: errors.New("inside")})
	for name, got := range map[string]string{"unlock": UnlockError(err), "recover": KitError(err)} {
		if !strings.Contains(got, "newer Lightproof") || !strings.Contains(got, "Update Lightproof") || strings.Contains(got, "passphrase") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
