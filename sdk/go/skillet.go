// Package skillet: write Skillet skills in Go.
//
// A skill is one function, registered with [Register] in func init of package main. It is built
// into a WebAssembly component that the host runs in a sandbox, in a fresh instance for each call:
// nothing in a variable survives from one to the next.
//
//	type Input struct {
//		Name string `json:"name"`
//	}
//
//	type Output struct {
//		Text string `json:"text"`
//	}
//
//	func Run(call skillet.Call, input Input) (Output, error) {
//		if input.Name == "" {
//			return Output{}, skillet.InvalidInput("the name is empty")
//		}
//		return Output{Text: "Hello, " + input.Name + "!"}, nil
//	}
//
//	func init() { skillet.Register(Run) }
//
//	func main() {}
//
// What lies outside the sandbox is in the packages skillet/kv, skillet/http and so on. A package
// that is not used leaves no trace in the component.
package skillet

import (
	"bytes"
	"encoding/json"
	"time"

	export "skillet/internal/bindings/exports/export_skillet_skill_skill"
	// The component's export.
	_ "skillet/internal/bindings/exports/wit_exports"
	contract "skillet/internal/bindings/imports/skillet_skill_types"
	"skillet/internal/fault"
	// What ends the program without a return.
	_ "skillet/internal/lastwords"
	"skillet/internal/text"
	"skillet/internal/types"
)

// Register makes run the skill that this component exports. Input and output are what
// encoding/json makes of the types I and O, which mirror the manifest's input_schema and
// output_schema.
func Register[I, O any](run func(Call, I) (O, error)) {
	export.Run = func(raw contract.Call) export.Outcome {
		output, err := answer(run, raw)
		if err != nil {
			return types.Err[string](failure(err))
		}
		return types.Ok[string, contract.Failure](output)
	}
}

func answer[I, O any](run func(Call, I) (O, error), raw contract.Call) (output string, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = Failed(panicText(reason))
		}
	}()
	var input I
	if err := json.Unmarshal([]byte(raw.Input), &input); err != nil {
		return "", InvalidInput("the input does not parse: " + err.Error())
	}
	result, err := run(callOf(raw), input)
	if err != nil {
		return "", err
	}
	return encode(result)
}

func callOf(raw contract.Call) Call {
	return Call{
		ID:       raw.Id,
		Attempt:  raw.Attempt,
		Locale:   raw.Locale,
		TimeZone: raw.TimeZone,
		Deadline: time.Duration(raw.DeadlineMs) * time.Millisecond,
	}
}

func encode(result any) (string, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		return "", Failed("the output does not become JSON: " + err.Error())
	}
	return buffer.String(), nil
}

func failure(err error) contract.Failure {
	message := text.Valid(err.Error())
	switch kindOf(err) {
	case fault.InvalidInput:
		return contract.MakeFailureInvalidInput(message)
	case fault.Unavailable:
		return contract.MakeFailureUnavailable(message)
	case fault.Denied:
		return contract.MakeFailureDenied(message)
	default:
		return contract.MakeFailureFailed(message)
	}
}
