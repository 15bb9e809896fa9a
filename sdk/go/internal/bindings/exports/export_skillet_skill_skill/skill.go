// Package export_skillet_skill_skill is where the generated export looks for the skill.
package export_skillet_skill_skill

import (
	contract "skillet/internal/bindings/imports/skillet_skill_types"
	"skillet/internal/types"
)

// Outcome is what a run gives to the host.
type Outcome = types.Result[string, contract.Failure]

// Run is the registered skill.
var Run = func(contract.Call) Outcome {
	nobody := contract.MakeFailureFailed("no skill is registered: call skillet.Register in func init")
	return types.Err[string](nobody)
}
