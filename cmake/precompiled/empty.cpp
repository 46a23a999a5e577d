// A library has to have a source.
