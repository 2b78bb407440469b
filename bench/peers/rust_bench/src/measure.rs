//! What both peers share: values, clocks and counters, the receiver's counts, the figures.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub const BURST: usize = 256;

pub fn fail(why: &str) -> ! {
    eprintln!("rust_bench: {why}");
    std::process::exit(1)
}

/// Counts what the calling thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

fn allocated() -> (u64, u64) {
    ALLOCATED.with(Cell::get)
}

fn count(size: usize) {
    let _ = ALLOCATED.try_with(|cell| {
        let (calls, bytes) = cell.get();
        cell.set((calls + 1, bytes + size as u64));
    });
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        System.dealloc(pointer, layout)
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        System.realloc(pointer, layout, size)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanos: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// CPU of all threads of this process, in nanoseconds.
pub fn cpu_nanos() -> f64 {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = Timespec { seconds: 0, nanos: 0 };
    if unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0 {
        fail("the CPU clock of the process cannot be read");
    }
    time.seconds as f64 * 1e9 + time.nanos as f64
}

/// Random texts, the same in every run, so that neither branch predictors nor caches are flattered.
pub struct Pool {
    pub text16: Vec<String>,
    pub text20: Vec<String>,
}

impl Pool {
    pub fn new() -> Pool {
        let mut x: u64 = 88172645463325252;
        let mut word = |size: usize| -> String {
            (0..size)
                .map(|_| {
                    x ^= x << 13;
                    x ^= x >> 7;
                    x ^= x << 17;
                    char::from(b'a' + (x % 26) as u8)
                })
                .collect()
        };
        Pool { text16: (0..64).map(|_| word(16)).collect(), text20: (0..64).map(|_| word(20)).collect() }
    }
}

pub struct Arguments {
    pub series: String,
    pub experiment: String,
    scale: f64,
    json: String,
    address: String,
}

impl Arguments {
    pub fn parse() -> Arguments {
        let mut words: Vec<String> = std::env::args().skip(1).collect();
        let mut option = |name: &str| -> Option<String> {
            let at = words.iter().position(|word| word == name)?;
            words.remove(at);
            (at < words.len()).then(|| words.remove(at))
        };
        let scale = option("--scale").map_or(1.0, |text| text.parse().unwrap_or(0.0));
        let json = option("--json").unwrap_or_default();
        let [series, experiment, address] = <[String; 3]>::try_from(words)
            .unwrap_or_else(|_| fail("usage: rust_bench sdk|fastrace EXPERIMENT [--scale X] [--json FILE] HOST:PORT"));
        if scale <= 0.0 {
            fail("--scale takes a number above 0");
        }
        Arguments { series, experiment, scale, json, address }
    }
}

/// One experiment: what it is given, and the figures that it adds.
pub struct Trial {
    pub pool: Pool,
    pub scale: f64,
    pub address: String,
    name: String,
    json: String,
    figures: Vec<String>,
}

impl Trial {
    pub fn new(arguments: &Arguments) -> Trial {
        Trial {
            pool: Pool::new(),
            scale: arguments.scale,
            address: arguments.address.clone(),
            name: arguments.experiment.clone(),
            json: arguments.json.clone(),
            figures: Vec::new(),
        }
    }

    pub fn add(&mut self, case: &str, metric: &str, value: f64, unit: &str) {
        println!("  {case:<44} {metric:<42} {value:14.3} {unit}");
        let what = format!("{}, {case}: {metric}", self.name);
        self.figures.push(format!(
            r#"{{"what": "{what}", "value": {value}, "unit": "{unit}", "case": "{case}", "metric": "{metric}"}}"#
        ));
    }

    pub fn write(&self) {
        if self.json.is_empty() {
            return;
        }
        let mut text = String::new();
        let figures = self.figures.join(",\n");
        let _ = write!(text, r#"{{"experiment": "{}", "notes": [], "figures": [{figures}]}}"#, self.name);
        if let Err(error) = std::fs::write(&self.json, text) {
            fail(&format!("{}: {error}", self.json));
        }
    }

    pub fn rounds(&self) -> usize {
        (200.0 * self.scale) as usize + 1
    }

    fn ask(&self, method: &str, path: &str) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(&self.address)?;
        write!(
            connection,
            "{method} {path} HTTP/1.1\r\nHost: receiver\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// One of the receiver's counters.
    pub fn received(&self, counter: &str) -> f64 {
        let answer = self.ask("GET", "/counts").unwrap_or_else(|error| fail(&format!("{}: {error}", self.address)));
        answer
            .lines()
            .find_map(|line| line.strip_prefix(counter)?.strip_prefix(' ')?.trim().parse().ok())
            .unwrap_or_else(|| fail(&format!("the receiver has no counter {counter}")))
    }

    pub fn reset_counts(&self) {
        if let Err(error) = self.ask("POST", "/reset") {
            fail(&format!("{}: {error}", self.address));
        }
    }

    pub fn expect(&self, spans: usize) {
        let got = self.received("spans") as usize;
        if got != spans {
            fail(&format!("the receiver has {got} spans of {spans}"));
        }
    }
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A named loop body: makes BURST spans, the first of them number `first`.
pub struct Case<'a> {
    pub name: String,
    pub burst: Box<dyn FnMut(usize) + 'a>,
}

/// Times bursts of the cases in turn; `settle` exports what they made, untimed.
pub fn compare(trial: &mut Trial, rounds: usize, cases: &mut [Case], settle: &dyn Fn()) {
    let mut nanos = vec![Vec::with_capacity(rounds); cases.len()];
    let mut sums = vec![(0, 0); cases.len()];
    for round in 0..rounds {
        for (case, each) in cases.iter_mut().enumerate() {
            let before = allocated();
            let start = Instant::now();
            (each.burst)(round * BURST);
            nanos[case].push(start.elapsed().as_nanos() as f64 / BURST as f64);
            let after = allocated();
            sums[case].0 += after.0 - before.0;
            sums[case].1 += after.1 - before.1;
            settle();
        }
    }
    let spans = (rounds * BURST) as f64;
    for (case, each) in cases.iter().enumerate() {
        trial.add(&each.name, "time", median(&mut nanos[case]), "ns");
        trial.add(&each.name, "allocations", sums[case].0 as f64 / spans, "");
        trial.add(&each.name, "allocated", sums[case].1 as f64 / spans, "bytes");
    }
}

/// Calls `each` so many times a second, in groups a millisecond apart.
pub fn at_rate(rate: usize, length: Duration, mut each: impl FnMut(usize)) {
    let (start, group) = (Instant::now(), (rate / 1000).max(1));
    let (mut due, mut made) = (Duration::ZERO, 0);
    while due < length {
        if let Some(wait) = due.checked_sub(start.elapsed()) {
            std::thread::sleep(wait);
        }
        for _ in 0..group {
            each(made);
            made += 1;
        }
        due += Duration::from_secs_f64(group as f64 / rate as f64);
    }
}
