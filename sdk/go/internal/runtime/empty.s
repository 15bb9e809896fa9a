// Lets the package compile, for tests without WebAssembly, with functions that have no body.
