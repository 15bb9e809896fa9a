//! The code that wit-bindgen makes of `wit/v0`. Nothing of it is public but what [`export!`]
//! needs.
//!
//! [`export!`]: crate::export!

#![expect(clippy::pedantic, reason = "generated")]

wit_bindgen::generate!({
    world: "skill-world",
    path: "../wit/v0",
    pub_export_macro: true,
    export_macro_name: "export_component",
    runtime_path: "wit_bindgen::rt",
});
