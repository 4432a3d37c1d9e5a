//! The known limits of known models: airx refuses a value if the documents agree, warns if
//! they differ, and does not check an unknown model.

use crate::harness::airx;

/// `airx chat --dry-run hi ARGS…`, with a BigModel key.
fn dry(args: &[&str]) -> crate::harness::Ran {
    let common = ["chat", "--dry-run", "-n", "hi"];
    airx(common.iter().chain(args))
        .env("ZHIPUAI_API_KEY", "id.secret")
        .run()
}

#[track_caller]
fn refused(args: &[&str], what: &str) {
    let hint = "hint: --param sends a value unchecked\n";
    dry(args).is(2, "", &format!("airx: usage: {what}\n{hint}"));
}

#[track_caller]
fn warned(args: &[&str], what: &str) {
    let ran = dry(args);
    assert_eq!(
        (ran.code, ran.stderr),
        (0, format!("airx: warning: {what} (glm-4-airx)\n"))
    );
    // With -q it prints the same body without a warning.
    let quiet = [args, &["-q"]].concat();
    dry(&quiet).is(0, &ran.stdout, "");
}

#[track_caller]
fn taken(args: &[&str]) {
    let ran = dry(args);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
}

#[test]
fn the_output_limit_of_glm_4_airx_is_4095_with_a_doubt_about_4096() {
    taken(&["--max-tokens", "4095"]);
    warned(
        &["--max-tokens", "4096"],
        "--max-tokens 4096: one document of the API ends at 4095",
    );
    refused(
        &["--max-tokens", "4097"],
        "--max-tokens 4097: glm-4-airx takes 1 to 4096",
    );
    refused(
        &["--max-tokens", "0"],
        "--max-tokens 0: glm-4-airx takes 1 to 4096",
    );
}

#[test]
fn other_models_have_limits_of_their_own() {
    taken(&["-m", "glm-4.5", "--max-tokens", "98304"]);
    refused(
        &["-m", "glm-4.5", "--max-tokens", "98305"],
        "--max-tokens 98305: glm-4.5 takes 1 to 98304",
    );
}

#[test]
fn temperature_is_from_0_to_1() {
    taken(&["--temperature", "0.95"]);
    warned(
        &["--temperature", "1"],
        "--temperature 1: older documents of the API end below 1",
    );
    refused(
        &["--temperature", "1.1"],
        "--temperature 1.1: glm-4-airx takes 0 to 1",
    );
    refused(
        &["--temperature", "-0.1"],
        "--temperature -0.1: glm-4-airx takes 0 to 1",
    );
    warned(
        &["--temperature", "0.123"],
        "--temperature: the API may refuse more than two decimals",
    );
}

#[test]
fn top_p_is_from_0_to_1() {
    taken(&["--top-p", "0.7"]);
    warned(
        &["--top-p", "0"],
        "--top-p: newer documents of the API begin at 0.01",
    );
    refused(
        &["--top-p", "1.01"],
        "--top-p 1.01: glm-4-airx takes 0 to 1",
    );
}

#[test]
fn more_than_one_stop_is_doubtful_and_more_than_four_refused() {
    taken(&["--stop", "a"]);
    warned(
        &["--stop", "a", "--stop", "b"],
        "--stop: most documents of the API take one, the newest four",
    );
    let five = ["--stop"; 10].map(|_| "--stop=a");
    refused(
        &five[..5],
        "--stop given 5 times: glm-4-airx takes at most 4",
    );
}

#[test]
fn a_user_id_has_6_to_128_characters() {
    taken(&["--user-id", "中中中中中中"]);
    dry(&["--user-id", "short"]).is(
        2,
        "",
        "airx: usage: --user-id has 5 characters; the API takes 6 to 128\n",
    );
    let ran = dry(&["--request-id", "short"]);
    assert_eq!(
        ran.stderr,
        "airx: warning: --request-id has 5 characters; newer documents of the API allow 6 to 64\n"
    );
    assert_eq!(ran.code, 0);
}

#[test]
fn a_number_that_json_cannot_carry_is_refused_for_every_model() {
    for (flag, value) in [("--temperature", "nan"), ("--top-p", "inf")] {
        let refusal = format!("airx: usage: {flag} is not a number that JSON can carry\n");
        dry(&["-m", "own", flag, value]).is(2, "", &refusal);
    }
}

#[test]
fn a_model_that_is_not_known_is_not_checked() {
    taken(&[
        "-m",
        "llama3",
        "--temperature",
        "2",
        "--max-tokens",
        "1000000",
        "--thinking",
        "on",
        "-i",
        "https://x.test/a",
    ]);
}

#[test]
fn a_param_is_not_checked() {
    taken(&["--param", "max_tokens=100000"]);
}

#[test]
fn thinking_is_refused_for_models_without_it() {
    dry(&["--thinking", "on"]).is(
        2,
        "",
        "airx: usage: --thinking: glm-4-airx takes no such switch\nhint: choose a model that thinks with -m: airx models\n",
    );
}

/// A dry run that would send `text` to this BigModel model.
fn long(model: &str, text: &str, args: &[&str]) -> crate::harness::Ran {
    airx(["chat", "--dry-run", "-m", model, "-"].iter().chain(args))
        .env("ZHIPUAI_API_KEY", "id.secret")
        .stdin(text)
        .run()
}

#[test]
fn a_prompt_that_is_over_the_context_by_any_count_is_refused_with_a_model_that_reads_it() {
    let words = "word ".repeat(27_000);
    long("glm-4-airx", &words, &[]).is(
        2,
        "",
        "airx: usage: the prompt has at least 27000 tokens, but the context of glm-4-airx is 8192\nhint: use --split to ask in parts, -m glm-4-flash-250414 (context 131072), or send less\n",
    );
    assert_eq!(long("glm-4-flash-250414", &words, &[]).code, 0);
    let huge = "word ".repeat(200_000);
    let ran = long("glm-4-airx", &huge, &[]);
    assert!(
        ran.stderr
            .contains("hint: use --split to ask in parts, -m glm-4-long (context 1048576)"),
        "{}",
        ran.stderr
    );
    // An unknown model may read anything.
    assert_eq!(long("llama", &words, &[]).code, 0);
    for text in [
        "协方差矩阵。".repeat(6000),
        "{\"a\": [1, 22]}\n".repeat(2000),
    ] {
        assert_eq!(long("glm-4-airx", &text, &[]).code, 2);
    }
}

#[test]
fn signs_in_a_row_are_few_tokens_and_refuse_nothing() {
    for text in ["-".repeat(100_000), format!("a{}b", " ".repeat(100_000))] {
        assert_eq!(long("glm-4-airx", &text, &[]).code, 0);
    }
}

#[test]
fn a_prompt_that_may_be_over_the_context_or_leaves_little_room_is_a_warning() {
    let ran = long("glm-4-airx", &"word ".repeat(8000), &[]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            0,
            "airx: warning: the prompt has 8000 to 8800 tokens by estimate, the context 8192 (glm-4-airx)\n"
        )
    );
    let room = "airx: warning: the prompt has 5000 to 5500 tokens by estimate: in a context of 8192 that may leave too little room for the answer (glm-4-airx)\n";
    let ran = long(
        "glm-4-airx",
        &"word ".repeat(5000),
        &["--max-tokens", "4000"],
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, room));
    assert_eq!(long("glm-4-airx", &"word ".repeat(5000), &[]).stderr, "");
}

#[test]
fn an_item_that_is_over_the_context_fails_alone_and_nothing_is_sent_for_it() {
    let items = crate::harness::items::echo();
    let ran = airx(["chat", "--each", "-q"])
        .of(&items)
        .stdin(format!("a\n{}\nb\n", "word ".repeat(27_000)))
        .run();
    assert_eq!(ran.code, 12);
    let report = crate::harness::items::contents(&ran.stdout);
    assert_eq!(
        report,
        crate::harness::items::echoes([(0, "a!"), (1, "usage"), (2, "b!")])
    );
    assert_eq!(items.texts().len(), 2);
}
