//! Bytes → frames, however the bytes are cut.
#![allow(clippy::unwrap_used, reason = "a panic is how a bench fails")]

mod sample;

use std::hint::black_box;

use airx::sse::{Parser, TooLong};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn frames(bytes: &[u8], piece: usize) -> usize {
    let mut parser = Parser::default();
    let mut count = 0;
    for bytes in bytes.chunks(piece) {
        let fed: Result<(), TooLong> = parser.feed(bytes, |frame| {
            count += black_box(frame).data.len();
            Ok(())
        });
        fed.unwrap();
    }
    count
}

fn sse(criterion: &mut Criterion) {
    let bytes = sample::stream();
    let mut group = criterion.benchmark_group("sse");
    group.throughput(Throughput::Elements(sample::DELTAS as u64));
    for (name, piece) in [
        ("in one read", bytes.len()),
        ("in reads of 16 KiB", 16 * 1024),
        ("in reads of 100 bytes", 100),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| frames(&bytes, piece));
        });
    }
    group.finish();
}

criterion_group!(benches, sse);
criterion_main!(benches);
