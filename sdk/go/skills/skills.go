// Package skills calls other skills of the host. Granted with skills = ["calculator"].
//
// What the other skill uses counts against this call: three levels deep at most, sixteen calls in
// all, within the fuel and the time of the first one. It runs for the same person, in a sandbox of
// its own.
package skills

import (
	"encoding/json"

	"skillet"
	raw "skillet/internal/bindings/imports/skillet_skill_skills"
	contract "skillet/internal/bindings/imports/skillet_skill_types"
	"skillet/internal/text"
)

// Call runs another skill and returns its output: [json.RawMessage] for the JSON as it is, or any
// type that encoding/json can read it into.
//
// The error is what the other skill says, [skillet.Denied] if this one may not call it,
// [skillet.Unavailable] if the share of the first call is used up or no place is free.
func Call[O any](skill string, input any) (output O, err error) {
	arguments, err := json.Marshal(input)
	if err != nil {
		return output, err
	}
	answer, err := raw.Call(text.Valid(skill), string(arguments)).Or(failure)
	if err != nil {
		return output, err
	}
	return output, json.Unmarshal([]byte(answer), &output)
}

func failure(err raw.Failure) error {
	switch err.Tag() {
	case contract.Failure_InvalidInput:
		return skillet.InvalidInput(err.InvalidInput())
	case contract.Failure_Unavailable:
		return skillet.Unavailable(err.Unavailable())
	case contract.Failure_Denied:
		return skillet.Denied(err.Denied())
	default:
		return skillet.Failed(err.Failed())
	}
}
