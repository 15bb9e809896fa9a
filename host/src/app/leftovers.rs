//! What a start, or a busy hour, leaves and nobody needs: connections to the database, and mapped pages of the program's
//! own code. A start touches much of it that nothing touches again, and with each page that is asked for the kernel maps
//! its neighbours.

use std::time::Duration;

use crate::store::Db;

/// From the start to the first time, and from one time to the next.
const FIRST: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_hours(1);

/// Hands it back now and then, for ever.
pub async fn hand_back(db: Db) {
    tokio::time::sleep(FIRST).await;
    loop {
        db.close_idle().await;
        unmap_code();
        tokio::time::sleep(EVERY).await;
    }
}

#[cfg(not(target_os = "linux"))]
fn unmap_code() {}

/// Unmaps the program's code, which the process then is not counted for and the kernel is freer to drop. What is in use
/// is mapped again as it is met: some hundred faults of a microsecond each, while the page cache has it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate tells where the program lies")]
fn unmap_code() {
    use std::{ffi::c_void, ptr};

    /// Unmaps the segments of an object that nobody writes, and ends the walk: the first object is the program itself.
    unsafe extern "C" fn visit(object: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> libc::c_int {
        // SAFETY: the loader hands over an object with its headers, which stay where they are.
        let (base, headers) = unsafe {
            let object = &*object;
            (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
        };
        let page = rustix::param::page_size();
        let place = |offset: u64| usize::try_from(base + offset).unwrap_or(0);
        for one in headers.iter().filter(|one| one.p_type == libc::PT_LOAD && one.p_flags & libc::PF_W == 0) {
            // Only whole pages: a neighbour may lie on the first or the last one.
            let from = place(one.p_vaddr).next_multiple_of(page);
            let to = place(one.p_vaddr + one.p_memsz) / page * page;
            if from < to {
                // SAFETY: they are pages of a file and come back as they were. Nobody writes them: the code does not depend
                // on where it lies, so that the loader has nothing to mend there. A debugger's breakpoints go.
                unsafe { libc::madvise(ptr::with_exposed_provenance_mut(from), to - from, libc::MADV_DONTNEED) };
            }
        }
        1
    }

    // SAFETY: the function takes what it is called with, and wants no data.
    unsafe { libc::dl_iterate_phdr(Some(visit), ptr::null_mut()) };
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_program_goes_on_without_its_pages() {
        let mapped = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("RssFile:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        let before = mapped();
        unmap_code();
        let after = mapped();
        assert!(after < before, "{after} kB of {before} kB");
    }
}
