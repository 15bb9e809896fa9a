//! Any bytes are no core module, or are refused, or become a component that is looked at like any other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skillet_fuzz::skills::package;

fuzz_target!(init: {
    // A panic that is caught is none; one that is not still ends the run.
    std::panic::set_hook(Box::new(|_| {}));
}, |bytes: &[u8]| {
    if let Ok(Some(component)) = package::from_core_module(bytes) {
        let found = package::inspect(&component);
        // What is made may be more than one may have; it is never half a component.
        assert!(!matches!(found, Err(package::PackageError::CoreWithWorld | package::PackageError::CoreWithoutWorld)));
    }
});
