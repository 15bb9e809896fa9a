module convert

go 1.24

require skillet v0.0.0

// Written by the build, from the SDK inside the skillet command.
replace skillet => ./.skillet/go
