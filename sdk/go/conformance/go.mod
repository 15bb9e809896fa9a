module conformance

go 1.24

require skillet v0.0.0

replace skillet => ./.skillet/go
