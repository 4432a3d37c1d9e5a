//! The commands that ask a model, from the options to the exit status: `airx chat`,
//! `stream`, `json` and `tools`.

use std::mem::take;
use std::path::Path;

use super::conversation::{Conversation, Strategy};
use super::start::{Ended, Kind, Run, Start};
use super::{each, split};
use crate::api::request::ResponseFormat;
use crate::cli::{Common, Format, JsonAnswer, ManyArgs, OfferArgs, RunArgs};
use crate::error::Failure;
use crate::event::{Level, Sink};
use crate::prompt::Prompt;
use crate::request::{self, Expect, Rounds};
use crate::schema::ExpectedJson;
use crate::settings::{Merged, Settings, defaults};
use crate::tools::{ToolSetup, Toolbox};

/// Runs `airx chat` or `airx stream` and returns the exit status.
pub(crate) fn chat(
    command: &'static str,
    common: Common,
    many: &ManyArgs,
    merged: Result<Merged, Failure>,
) -> u8 {
    let stream = command == "stream";
    let allowed = fits_each(&common, many, &[]);
    start(command, stream, many).run(common, merged, allowed, |run, common| {
        let mut settings = run.settings(common, many.each(), &[])?;
        settings.sources.split = split::borders(many)?;
        let mut prompt = run.read_prompt(&settings.sources)?;
        let (messages, no_tools) = (take(&mut prompt.messages), Toolbox::default());
        let request = run.prepare(stream, common, &mut settings, messages, no_tools)?;
        let conversation = Conversation {
            request,
            strategy: Strategy::Once(Expect::Answer),
            settings,
        };
        ask(conversation, prompt, run, common, many)
    })
}

/// Runs `airx json` and returns the exit status.
pub(crate) fn json(
    common: Common,
    many: &ManyArgs,
    answer: JsonAnswer,
    merged: Result<Merged, Failure>,
) -> u8 {
    let one_answer_only = [
        (answer.stream, "--stream"),
        (answer.lines, "--lines"),
        (answer.pretty, "--pretty"),
        (!answer.select.is_empty(), "--select"),
    ];
    let allowed = fits_each(&common, many, &one_answer_only);
    start("json", false, many).run(common, merged, allowed, |run, common| {
        let schema = answer.schema.as_ref().map(Path::new);
        let files: Vec<_> = schema.iter().map(|file| ("`--schema -`", *file)).collect();
        let mut settings = run.settings(common, many.each(), &files)?;
        settings.sources.split = split::borders(many)?;
        let lossy = common.input.lossy;
        let read = |path: &Path| run.read_file(path, lossy);
        let expected = ExpectedJson::load(answer, read)?;
        let mut prompt = run.read_prompt(&settings.sources)?;
        if expected.stream && common.output.format() == Format::Json {
            return Err(Failure::usage(
                "--stream prints elements, but --format json prints the server's body",
            )
            .hint("--format ndjson prints an event for each element as it comes"));
        }
        if let Some(instruction) = &expected.instruction {
            request::add_instruction(&mut prompt.messages, instruction)?;
        }
        let (messages, no_tools) = (take(&mut prompt.messages), Toolbox::default());
        let mut request =
            run.prepare(expected.stream, common, &mut settings, messages, no_tools)?;
        let is_provider = settings.connection.endpoint.provider.is_some();
        if let Some(schema) = expected.constraint(is_provider) {
            request.request.response_format = Some(ResponseFormat::JsonSchema(schema));
        }
        let conversation = Conversation {
            request,
            strategy: Strategy::Json(Box::new(expected)),
            settings,
        };
        ask(conversation, prompt, run, common, many)
    })
}

/// Runs `airx tools` and returns the exit status.
pub(crate) fn tools(
    common: Common,
    many: &ManyArgs,
    offer: OfferArgs,
    args: RunArgs,
    merged: Result<Merged, Failure>,
) -> u8 {
    let (required, stream) = (offer.require_call, offer.stream);
    let limit = args.rounds.unwrap_or(defaults::ROUNDS);
    let rounds = args.run.then_some(Rounds { limit, required });
    let one_answer_only = [(stream, "--stream"), (args.run && !args.yes, "--run")];
    let allowed = fits_each(&common, many, &one_answer_only);
    start("tools", stream, many).run(common, merged, allowed, |run, common| {
        let files = offer.tools.iter().map(|file| ("`-t -`", file.as_path()));
        let files: Vec<_> = files.collect();
        let mut settings = run.settings(common, many.each(), &files)?;
        let (lossy, dry_run) = (common.input.lossy, common.output.dry_run.is_some());
        let read = |path: &Path| run.read_file(path, lossy);
        let mut setup = ToolSetup::load_files(offer, args, read, dry_run)?;
        let mut prompt = run.read_prompt(&settings.sources)?;
        if setup.starts_programs() && !dry_run {
            // Starts no program for a request that cannot be sent.
            settings.require_key()?;
        }
        if (rounds.is_some() || setup.starts_programs()) && !dry_run {
            hide_key(run, &settings);
        }
        setup.finish(&run.scrubber, &mut |warning| run.warn(warning))?;
        let messages = take(&mut prompt.messages);
        let request = run.prepare(stream, common, &mut settings, messages, setup.toolbox)?;
        let conversation = Conversation {
            request,
            strategy: match rounds {
                Some(rounds) => Strategy::Tools(rounds, setup.approval),
                None => Strategy::Once(Expect::Calls { required }),
            },
            settings,
        };
        ask(conversation, prompt, run, common, many)
    })
}

fn start(command: &'static str, live: bool, many: &ManyArgs) -> Start {
    let kind = many.each().map_or(Kind::Answer, |each| Kind::Results {
        resume: each.resume,
        ordered: !each.unordered,
    });
    Start {
        command,
        live,
        kind,
    }
}

/// Checks that `--each` is not given with an option for one answer. `own` lists the command's own
/// such options, and whether each was given.
fn fits_each(
    common: &Common,
    many: &ManyArgs,
    own: &[(bool, &'static str)],
) -> Result<(), Failure> {
    let each = many.each();
    each.map_or(Ok(()), |_| request::fits_each(common, own))
}

/// Reads the key before a program starts: a program must not get a variable that contains the key.
/// If reading fails, the first request reports it.
fn hide_key(run: &mut Run, settings: &Settings) {
    let mut say = |line: &str| run.printer.lock().note(Level::Always, &line);
    if let Ok(Some(key)) = settings.connection.require_key(&mut say) {
        run.scrubber.hide_key(key);
        run.printer.lock().hide_key(key);
    }
}

/// Asks once, for each item, or for each part of a long input. Shows the request under
/// `--dry-run`.
fn ask(
    conversation: Conversation,
    prompt: Prompt,
    run: &Run,
    common: &Common,
    many: &ManyArgs,
) -> Result<Ended, Failure> {
    let output = &common.output;
    if let Some((template, items)) = prompt.each {
        return each::run(conversation, run, output.dry_run, many, template, items);
    }
    match prompt.long_input {
        Some(input) => split::run(conversation, run, output, many, &input),
        None => conversation.once(run, output.dry_run, prompt.session),
    }
}
