//! What the kernel knows of a process and of those that it started.

use std::{collections::HashMap, time::Duration};

/// The kernel tells programs of processor time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// Processor time that a process and its children have used.
pub fn cpu(pid: u32) -> Duration {
    let ticks = tree(pid).into_iter().filter_map(|pid| {
        let stat = fields(pid)?;
        Some(stat.get(11)?.parse::<u32>().ok()? + stat.get(12)?.parse::<u32>().ok()?)
    });
    TICK * ticks.sum::<u32>()
}

/// Processor time that the whole machine has used; `None` where the kernel does not say.
pub fn machine() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u32> = stat.lines().next()?.split_whitespace().skip(1).map_while(|n| n.parse().ok()).collect();
    // User, nice, system, then two kinds of idling, then interrupts of both kinds and what the hypervisor took.
    let busy = ticks.iter().take(3).chain(ticks.iter().skip(5).take(3));
    Some(TICK * busy.sum::<u32>())
}

/// Memory of a process and its children in MiB, what is shared divided among those who share it.
pub fn memory_mib(pid: u32) -> f64 {
    let kib = |pid: u32| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
        line.trim().trim_end_matches(" kB").parse::<u32>().ok()
    };
    f64::from(tree(pid).into_iter().filter_map(kib).sum::<u32>()) / 1_024.0
}

/// A process and all that it started.
fn tree(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let parent = pid.and_then(fields).and_then(|stat| stat.get(1)?.parse().ok());
        if let (Some(pid), Some(parent)) = (pid, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut tree = vec![root];
    let mut at = 0;
    while let Some(pid) = tree.get(at) {
        tree.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    tree
}

/// The fields of a process from its state on; its name, which stands before, may hold anything.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}
