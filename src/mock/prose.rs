//! A prompt in, a text that looks like an answer to it out. Each begins with
//! the mark that tells where it comes from, and echoes some of the prompt.

use super::dice::Dice;

/// Where a text comes from, in its first word.
const MARK: &str = "[airx mock]";

/// An answer to a prompt: mathematics and code where it speaks of them.
pub(super) fn reply(prompt: &str, dice: &mut Dice) -> String {
    let echo = echo(prompt);
    let lower = prompt.to_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if speaks_of(&["covariance", "positive definite", "协方差", "正定"]) {
        return format!("{echo}\n\n{COVARIANCE}");
    }
    if speaks_of(&MATHEMATICS) {
        return format!("{echo}\n\n{QUADRATIC}");
    }
    if let Some(block) = code(&lower) {
        return format!("{echo}\n\n{block}\n\nThat is all there is to it.");
    }
    format!("{echo}\n{}", dice.pick(&REMARKS))
}

/// Thinking about a prompt.
pub(super) fn reasoning(prompt: &str) -> String {
    format!(
        "{MARK} The user asks “{}”. A mock does not think; it says so and answers.",
        excerpt(prompt, 40)
    )
}

/// An answer that uses what the tools said.
pub(super) fn tool_results(results: &[String]) -> String {
    let quoted: Vec<String> = results
        .iter()
        .map(|result| format!("“{}”", excerpt(result, 200)))
        .collect();
    let tools = if results.len() == 1 { "tool" } else { "tools" };
    format!("{MARK} The {tools} answered: {}.", quoted.join(", "))
}

/// An answer that names its sources.
pub(super) fn search_summary(prompt: &str) -> String {
    format!(
        "{} Two pages were “found”: one [来源：ref_1], another [来源：ref_2].",
        echo(prompt)
    )
}

/// The first `limit` characters on one line.
pub(super) fn excerpt(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn echo(prompt: &str) -> String {
    format!(
        "{MARK} You asked “{}” ({} characters).",
        excerpt(prompt, 80),
        prompt.chars().count()
    )
}

fn code(lower: &str) -> Option<String> {
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let speaks_of = |names: &[&str]| names.iter().any(|name| words.contains(name));
    let (language, lines) = if speaks_of(&["rust", "cargo"]) {
        (
            "rust",
            "fn main() {\n    println!(\"hello from the airx mock\");\n}",
        )
    } else if speaks_of(&["bash", "shell", "sh", "zsh"]) {
        (
            "bash",
            "#!/usr/bin/env bash\nset -euo pipefail\necho \"hello from the airx mock\"",
        )
    } else if speaks_of(&["python"]) || lower.contains("code") || lower.contains("代码") {
        (
            "python",
            "def main():\n    print(\"hello from the airx mock\")\n\n\nmain()",
        )
    } else {
        return None;
    };
    Some(format!("```{language}\n{lines}\n```"))
}

const MATHEMATICS: [&str; 14] = [
    "matrix",
    "equation",
    "integral",
    "derivative",
    "theorem",
    "polynomial",
    "probability",
    "eigenvalue",
    "mathemat",
    "latex",
    "方程",
    "矩阵",
    "数学",
    "积分",
];

const REMARKS: [&str; 4] = [
    "No model was asked; this text is made up.\n你好 🙂",
    "A real model would say more, and charge for it.",
    "This stands in for an answer, so that a script can be tried.",
    "Nothing left this machine.\n\n- one\n- two",
];

const COVARIANCE: &str = r"**Covariance matrix.** For a random vector \( (X, Y) \) with variances \( σ_X^2 \), \( σ_Y^2 \) and correlation \( ρ \),

\[
Σ = \begin{pmatrix} σ_X^2 & ρ σ_X σ_Y \\ ρ σ_X σ_Y & σ_Y^2 \end{pmatrix},
\qquad \operatorname{Cov}(X, Y) = E[XY] - E[X]E[Y].
\]

**Example.** With \( σ_X = 2 \), \( σ_Y = 3 \) and \( ρ = \tfrac{1}{2} \):

\[
Σ = \begin{pmatrix} 4 & 3 \\ 3 & 9 \end{pmatrix}, \qquad \det Σ = 4 \cdot 9 - 3^2 = 27 > 0.
\]

**Positive definite?** By Sylvester's criterion \( Σ \) is positive definite if and only if \( σ_X^2 > 0 \) and \( \det Σ = σ_X^2 σ_Y^2 (1 - ρ^2) > 0 \), that is, \( |ρ| < 1 \). Here both hold, and the eigenvalues \( λ_{1,2} = \frac{13 \pm \sqrt{61}}{2} \) are positive: \( Σ \) is positive definite.";

const QUADRATIC: &str = r"Take \( a x^2 + b x + c = 0 \) with \( a \neq 0 \). Its solutions are

\[
x_{1,2} = \frac{-b \pm \sqrt{Δ}}{2a}, \qquad Δ = b^2 - 4ac,
\]

and they are real if and only if \( Δ \ge 0 \).";

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(prompt: &str) -> String {
        reply(prompt, &mut Dice::new(0, 0, 0))
    }

    #[test]
    fn every_text_begins_with_the_mark_and_echoes_the_prompt() {
        for prompt in ["hello there", "a bash script", "solve the equation", "你好"] {
            let text = answer(prompt);
            assert!(text.starts_with("[airx mock] "), "{text}");
            assert!(text.contains(prompt), "{text}");
        }
    }

    #[test]
    fn mathematics_comes_as_latex_with_greek_letters() {
        let text = answer(
            "Combining probability and statistics with linear algebra: calculate the covariance \
             matrix of a two-dimensional random variable and determine whether the matrix is \
             positive definite.",
        );
        for piece in [r"\(", r"\)", r"\[", r"\]", "Σ", "σ", "ρ"] {
            assert!(text.contains(piece), "{piece}");
        }
    }

    #[test]
    fn code_comes_in_a_fence_of_its_language() {
        assert!(answer("Write a Bash script").contains("\n```bash\n"));
        assert!(answer("hello world in Rust").contains("\n```rust\n"));
        assert!(answer("Show me code").contains("\n```python\n"));
        assert!(!answer("Trust the publisher").contains("```"));
    }

    #[test]
    fn an_excerpt_is_one_line_and_cut_between_characters() {
        assert_eq!(excerpt("a\n  b", 9), "a b");
        assert_eq!(excerpt("你好吗", 2), "你好…");
    }
}
