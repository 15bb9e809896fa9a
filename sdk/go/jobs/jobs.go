// Package jobs is work done later, on the host's schedule. Granted with jobs = true. A skill sees
// and changes the jobs of the person its call is for.
package jobs

import (
	"encoding/json"
	"time"

	raw "skillet/internal/bindings/imports/skillet_skill_jobs"
	"skillet/internal/fault"
	"skillet/internal/text"
	"skillet/internal/types"
)

// Why a job was not scheduled, listed or changed, for errors.Is.
var (
	// ErrInvalid: the kind, the time or the recurrence makes no sense.
	ErrInvalid error = invalid
	// ErrDenied: the owner has not granted it, or it is somebody else's job.
	ErrDenied error = denied
	// ErrUnavailable: the scheduler cannot be reached for now.
	ErrUnavailable error = unavailable

	invalid     = fault.New(fault.InvalidInput, "the job makes no sense")
	denied      = fault.New(fault.Denied, "jobs are not granted")
	unavailable = fault.New(fault.Unavailable, "the scheduler is unavailable")
)

// Job is a job to schedule.
type Job struct {
	// Kind is "reminder" with the payload {"text"}, "skill_call" with {"skill", "input"}, or
	// "daily_digest".
	Kind string
	// At is when it runs; with Every, the moment from which it does.
	At time.Time
	// Every, unless empty, is a cron expression of five fields in the user's time zone.
	Every string
	// Payload becomes JSON.
	Payload any
	// OncePer, unless empty, is a key: a second job with it is not made, the first one's id is
	// returned.
	OncePer string
}

// Schedule schedules it, and returns its id.
func (j Job) Schedule() (id string, err error) {
	payload, err := json.Marshal(j.Payload)
	if err != nil {
		return "", err
	}
	return raw.Schedule(raw.NewJob{
		Kind:           text.Valid(j.Kind),
		RunAtMs:        uint64(j.At.UnixMilli()),
		Recurrence:     unlessEmpty(j.Every),
		Payload:        string(payload),
		IdempotencyKey: unlessEmpty(j.OncePer),
	}).Or(refusal)
}

func unlessEmpty(value string) types.Option[string] {
	if value == "" {
		return types.None[string]()
	}
	return types.Some(text.Valid(value))
}

// State is where a job stands.
type State uint8

const (
	// Waiting is still to run.
	Waiting = State(raw.State_Waiting)
	// Running is at it now.
	Running = State(raw.State_Running)
	// Done ran, and does not run again.
	Done = State(raw.State_Done)
	// Failed has used up its attempts.
	Failed = State(raw.State_Failed)
	// Cancelled was taken off the schedule.
	Cancelled = State(raw.State_Cancelled)
)

// Listed is a job that is there.
type Listed struct {
	// ID is what [Reschedule] and [Cancel] know it by.
	ID    string
	Kind  string
	State State
	// At is when it runs next, or ran last.
	At time.Time
	// Every is its cron expression, empty if it runs once.
	Every   string
	Payload json.RawMessage
}

// List is the jobs still to run, the next one first; then those that ended in the last day, newest
// first. At most limit of them.
func List(limit uint32) ([]Listed, error) {
	found, err := raw.List(limit).Or(refusal)
	listed := make([]Listed, 0, len(found))
	for _, job := range found {
		listed = append(listed, Listed{
			ID:      job.Id,
			Kind:    job.Kind,
			State:   State(job.State),
			At:      time.UnixMilli(int64(job.RunAtMs)).UTC(),
			Every:   job.Recurrence.Some(),
			Payload: json.RawMessage(job.Payload),
		})
	}
	return listed, err
}

// Reschedule moves a job that is still to run; false when it is not waiting any more.
func Reschedule(id string, at time.Time) (bool, error) {
	return raw.Reschedule(text.Valid(id), uint64(at.UnixMilli())).Or(refusal)
}

// Cancel takes a job off the schedule, and says whether it was still to run.
func Cancel(id string) (bool, error) {
	return raw.Cancel(text.Valid(id)).Or(refusal)
}

func refusal(err raw.Error) error {
	switch err.Tag() {
	case raw.Error_Invalid:
		return invalid.Only(err.Invalid())
	case raw.Error_Denied:
		return denied.Only(err.Denied())
	default:
		return unavailable.Says(err.Unavailable())
	}
}
