//! The compiling child, spoken to as the host does: a byte, a length of four bytes, a payload.

use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    process::{Child, Command, Stdio},
};

use crate::harness::{guests, host::program, manifest::Manifest};

struct Line(Child);

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Line {
    fn open(arguments: &[&str]) -> Self {
        let child = Command::new(program())
            .arg(skillet::skills::COMPILE_SUBCOMMAND)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    /// Sends a frame; a child that gave up does not take it.
    fn send(&mut self, kind: u8, payload: &[u8]) {
        let mut frame = vec![kind];
        frame.extend(u32::try_from(payload.len()).unwrap().to_le_bytes());
        frame.extend(payload);
        let _ = self.0.stdin.as_mut().unwrap().write_all(&frame);
    }

    fn bounds(&mut self, memory_bytes: u64) {
        self.send(b'B', json!({ "memory_bytes": memory_bytes, "cpu_seconds": 10 }).to_string().as_bytes());
    }

    fn receive(&mut self) -> (u8, Vec<u8>) {
        let output = self.0.stdout.as_mut().unwrap();
        let mut head = [0; 5];
        output.read_exact(&mut head).unwrap();
        let [kind, length @ ..] = head;
        let mut payload = vec![0; u32::from_le_bytes(length) as usize];
        output.read_exact(&mut payload).unwrap();
        (kind, payload)
    }

    /// Waits for the end; returns the exit status and what was said before.
    fn end(mut self) -> (Option<i32>, Vec<u8>) {
        drop(self.0.stdin.take());
        let mut said = Vec::new();
        self.0.stdout.as_mut().unwrap().read_to_end(&mut said).unwrap();
        (self.0.wait().unwrap().code(), said)
    }
}

const GIB: u64 = 1 << 30;

#[test]
fn it_looks_and_waits_under_its_limits_and_compiles_when_it_is_told() {
    let manifest = Manifest::new("echo").capability("kv", &json!(true));
    let mut line = Line::open(&[]);
    line.bounds(2 * GIB);
    line.send(b'C', &guests::echo(&manifest));
    let (kind, inspection) = line.receive();
    assert_eq!(kind, b'I');
    let inspection: Value = serde_json::from_slice(&inspection).unwrap();
    assert_eq!(inspection["manifest"], manifest.toml());
    assert_eq!(inspection["exports"], json!(["skillet:skill/skill@0.1.0"]));

    let process = format!("/proc/{}", line.0.id());
    let limits = fs::read_to_string(format!("{process}/limits")).unwrap();
    for (limit, soft, hard) in [
        ("Max address space", "2147483648", "2147483648"),
        ("Max cpu time", "10", "11"),
        ("Max core file size", "0", "0"),
        ("Max file size", "0", "0"),
        ("Max open files", "3", "3"),
    ] {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit)).unwrap();
        let mut values = line.split_whitespace();
        assert_eq!((values.next(), values.next()), (Some(soft), Some(hard)), "{limit}");
    }
    assert_eq!(fs::read(format!("{process}/environ")).unwrap(), b"");

    line.send(b'G', b"");
    let (kind, code) = line.receive();
    assert_eq!((kind, &code[..4]), (b'A', b"\x7fELF".as_slice()));
    assert_eq!(line.end(), (Some(0), Vec::new()));
}

#[test]
fn without_its_limits_it_does_not_look() {
    for (what, bounds) in [
        // The system takes it for no limit at all.
        ("infinite", json!({ "memory_bytes": u64::MAX, "cpu_seconds": 10 })),
        ("not to be read", json!({ "memory_bytes": "much" })),
    ] {
        let mut line = Line::open(&[]);
        line.send(b'B', bounds.to_string().as_bytes());
        line.send(b'C', &guests::echo(&Manifest::new("echo")));
        let (status, said) = line.end();
        match what {
            "infinite" => {
                assert_eq!((status, said[0]), (Some(0), b'U'));
                assert!(String::from_utf8_lossy(&said).contains("address space"), "{said:?}");
            }
            _ => assert_eq!((status, said), (Some(1), Vec::new())),
        }
    }
    let mut line = Line::open(&[]);
    line.send(b'C', &guests::echo(&Manifest::new("echo")));
    assert_eq!(line.end(), (Some(1), Vec::new()), "the limits come first");
}

#[test]
fn it_takes_nothing_else() {
    for (kind, length) in [(b'B', 1 << 20), (b'C', u32::MAX), (b'A', 8), (b'?', 0)] {
        let mut line = Line::open(&[]);
        line.bounds(2 * GIB);
        let mut head = vec![kind];
        head.extend(length.to_le_bytes());
        let _ = line.0.stdin.as_mut().unwrap().write_all(&head);
        assert_eq!(line.end(), (Some(1), Vec::new()), "{}", char::from(kind));
    }
    assert_eq!(Line::open(&["2048", "60"]).end(), (Some(2), Vec::new()));
}

#[test]
fn what_it_refuses_it_does_not_compile() {
    let mut line = Line::open(&[]);
    line.bounds(2 * GIB);
    line.send(b'C', b"(component)");
    let (kind, refusal) = line.receive();
    assert_eq!((kind, serde_json::from_slice::<Value>(&refusal).unwrap()), (b'R', json!({ "Package": "Text" })));
    line.send(b'G', b"");
    assert_eq!(line.end(), (Some(0), Vec::new()));
}

/// What comes of a component: the artefact, or the refusal.
fn compiled(component: &[u8]) -> (u8, Vec<u8>) {
    let mut line = Line::open(&[]);
    line.bounds(2 * GIB);
    line.send(b'C', component);
    match line.receive() {
        (b'I', _) => {
            line.send(b'G', b"");
            line.receive()
        }
        refusal => refusal,
    }
}

#[test]
fn components_inside_one_another_may_have_memories_and_one_module_may_not_have_two() {
    let composed = wat::parse_str(include_str!("../../guests/composed.wat")).unwrap();
    assert_eq!(compiled(&composed).0, b'A');
    let two = wat::parse_str("(component (core module (memory 1) (memory 1)))").unwrap();
    let (kind, refusal) = compiled(&two);
    let refusal = String::from_utf8(refusal).unwrap();
    assert!(kind == b'R' && refusal.contains("multi"), "{refusal}");
}
