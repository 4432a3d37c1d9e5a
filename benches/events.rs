//! Frames → the answer and its events, with a sink that drops them.
#![allow(clippy::unwrap_used, reason = "a panic is how a bench fails")]

mod sample;

use std::fmt::Display;
use std::hint::black_box;

use airx::answer::Answer;
use airx::error::Failure;
use airx::event::{Count, Data, Event, Level, Sink};
use airx::sse::Parser;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

struct NullSink;

impl Sink for NullSink {
    fn event(&mut self, event: &Event<'_>) -> Result<(), Failure> {
        black_box(event);
        Ok(())
    }
    fn data(&mut self, data: Data<'_>) -> Result<(), Failure> {
        black_box(data);
        Ok(())
    }
    fn flush(&mut self) -> Result<(), Failure> {
        Ok(())
    }
    fn printed(&self) -> bool {
        true
    }
    fn count(&mut self, _: Count<'_>) {}
    fn hide_key(&mut self, _: &str) {}

    fn note(&mut self, _: Level, _: &dyn Display) {}
}

fn fold(bytes: &[u8], keep: bool) -> Answer {
    let (mut parser, mut answer) = (Parser::default(), Answer::default());
    answer.keep_text = keep;
    let fed: Result<(), Failure> =
        parser.feed(bytes, |frame| answer.accept_frame(frame, &mut NullSink));
    fed.unwrap();
    assert!(answer.done);
    answer
}

fn events(criterion: &mut Criterion) {
    let bytes = sample::stream();
    // Every second frame has another shape, so that each differs from the previous one.
    let text = String::from_utf8(bytes.clone()).unwrap();
    let uneven: String = text
        .split_inclusive("\n\n")
        .enumerate()
        .map(|(number, frame)| match number % 2 {
            0 => frame.to_owned(),
            _ => frame.replacen(r#""role":"assistant","#, "", 1),
        })
        .collect();
    let mut group = criterion.benchmark_group("events");
    group.throughput(Throughput::Elements(sample::DELTAS as u64));
    group.bench_function("of frames alike", |bench| {
        bench.iter(|| fold(&bytes, false));
    });
    group.bench_function("of frames alike, text kept", |bench| {
        bench.iter(|| fold(&bytes, true));
    });
    group.bench_function("of frames of two shapes", |bench| {
        bench.iter(|| fold(uneven.as_bytes(), false));
    });
    group.finish();
}

criterion_group!(benches, events);
criterion_main!(benches);
