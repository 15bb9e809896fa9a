//! The shapes of the network: how many numbers go where.

/// Numbers in the row of a piece, and in the vector of a text.
pub(super) const WIDTH: usize = 512;

/// Numbers that a branch makes of a piece.
pub(super) const SEEN: usize = 256;

/// Numbers between the layers that turn the sum over a text into its vector.
pub(super) const STACK: usize = 320;

/// The branches: pieces in the window, and how many of them come before the piece itself.
pub(super) const BRANCHES: [(usize, usize); 3] = [(2, 0), (3, 1), (5, 2)];

/// Numbers that the features of one piece are: its row and what the branches make of it.
pub(super) const FEATURES: usize = WIDTH + BRANCHES.len() * SEEN;

/// The table of rows is in so many parts, each with its own scale; piece `n` is in part `n % PARTS`.
pub(super) const PARTS: usize = 17;

/// The arrays that are read whole, by their names in the package, with their shapes.
pub(super) fn arrays() -> Vec<(String, Vec<usize>)> {
    let mut all = Vec::new();
    let mut add = |name: String, shape: &[usize]| all.push((name, shape.to_vec()));
    add("eps".into(), &[]);
    for name in ["lo", "scale"] {
        add(name.into(), &[PARTS]);
    }
    for (width, _) in BRANCHES {
        add(format!("proj{width}"), &[WIDTH, SEEN]);
        add(format!("w1_{width}"), &[width * SEEN, SEEN]);
        add(format!("w2_{width}"), &[width * SEEN, SEEN]);
        for name in ["proj_b", "ln_g", "ln_b", "b1_", "b2_"] {
            add(format!("{name}{width}"), &[SEEN]);
        }
    }
    for name in ["ln_g", "ln_b"] {
        add(name.into(), &[FEATURES]);
    }
    add("cnn_W".into(), &[FEATURES, WIDTH]);
    add("cnn_b".into(), &[WIDTH]);
    for (name, depth, columns) in [
        ("d0", WIDTH, STACK),
        ("d1", STACK, STACK),
        ("p1", WIDTH, STACK),
        ("d2", STACK, WIDTH),
        ("p3", STACK, WIDTH),
        ("d3", WIDTH, WIDTH),
    ] {
        add(name.into(), &[depth, columns]);
    }
    all
}
