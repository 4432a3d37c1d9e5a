//! Events → bytes, in each of the three formats.
#![allow(clippy::unwrap_used, reason = "a panic is how a bench fails")]

mod sample;

use airx::cli::Format;
use airx::event::{Data, Event, Sink};
use airx::output::{Options, Printer};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn printer(format: Format) -> Printer<Vec<u8>, Vec<u8>> {
    let options = Options {
        live: true,
        ..Options::bare(format, "stream")
    };
    Printer::new(options, Vec::with_capacity(1 << 20), false, Vec::new())
}

fn printers(criterion: &mut Criterion) {
    let stream = String::from_utf8(sample::stream()).unwrap();
    let payload = stream.split("\n\n").next().unwrap();
    let payload = payload.strip_prefix("data: ").unwrap().as_bytes();
    let mut group = criterion.benchmark_group("printers");
    group.throughput(Throughput::Elements(sample::DELTAS as u64));
    for (name, format) in [
        ("text", Format::Text),
        ("json", Format::Json),
        ("ndjson", Format::Ndjson),
    ] {
        for (how, burst) in [("in a burst", sample::DELTAS), ("one by one", 1)] {
            group.bench_function(format!("{name} {how}"), |bench| {
                let run = |mut printer: Printer<_, _>| {
                    for number in 1..=sample::DELTAS {
                        printer
                            .data(Data::Body {
                                bytes: payload,
                                token: true,
                            })
                            .unwrap();
                        let content = " word0000";
                        printer.event(&Event::Delta { content }).unwrap();
                        if number % burst == 0 {
                            printer.flush().unwrap();
                        }
                    }
                    printer
                };
                bench.iter_batched(|| printer(format), run, BatchSize::SmallInput);
            });
        }
    }
    group.finish();
}

criterion_group!(benches, printers);
criterion_main!(benches);
