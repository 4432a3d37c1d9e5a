use super::*;

#[track_caller]
fn is(tex: &str, expected: &str) {
    assert_eq!(line(tex).as_deref(), Some(expected), "{tex}");
}

#[test]
fn fractions_and_roots_stand_on_one_line() {
    is(r"\frac{a}{b}", "a/b");
    is(r"\frac{-b \pm \sqrt{b^2-4ac}}{2a}", "(-b ± √(b²-4ac))/(2a)");
    is(r"\frac{n(n+1)}{2}", "n(n+1)/2");
    is(
        r"\frac{dy}{dx} = \frac{\partial f}{\partial x}",
        "dy/dx = ∂f/∂x",
    );
    is(r"\frac12", "1/2");
    is(r"\dfrac{1}{1+\frac{1}{x}}", "1/(1+1/x)");
    is(
        r"\sqrt{x} + \sqrt[3]{x+1} + \sqrt[n]{2}",
        "√x + ∛(x+1) + ⁿ√2",
    );
    is(r"\frac{P(B|A)P(A)}{P(B)}", "P(B|A)P(A)/P(B)");
    is(r"i\hbar\frac{\partial}{\partial t}\Psi", "iℏ ∂/∂t Ψ");
    is(r"\left(\frac{a^k}{k!}\right)\frac{1}{2}", "(aᵏ/k!) 1/2");
    is(r"\frac{1}{a(b+c)}", "1/(a(b+c))");
    is(r"\frac{\text{速度}}{\text{时间}}", "速度/时间");
}

#[test]
fn scripts_stand_in_their_place_where_all_of_them_can() {
    is(r"x_1^2 + x_{n+1}", "x₁² + xₙ₊₁");
    is(r"e^{i\pi} + e^{-x}", "e^(iπ) + e⁻ˣ");
    is(r"x_{\text{if odd}}", "x_(if odd)");
    is(r"90^\circ, f'(x), a^*", "90°, f′(x), a^*");
    is(r"\sum_{i=1}^{n} a_i", "∑ᵢ₌₁ⁿ aᵢ");
    is(r"\sum_{i=1}^{n}a_i", "∑ᵢ₌₁ⁿ aᵢ");
    is(r"\lim_{x \to 0} f(x)", "lim_(x→0) f(x)");
    is(
        r"\lim_{n\to\infty} \left(1\right) + \max(a)",
        "lim_(n→∞) (1) + max(a)",
    );
    is(
        r"A^\top, \max\{a,b\}, \operatorname*{argmax}_x f",
        "Aᵀ, max{a,b}, argmaxₓ f",
    );
    is(r"\lfloor x \rfloor + \langle u, v \rangle", "⌊x⌋ + ⟨u, v⟩");
    is(r"\int_0^\infty e^{-x}\,dx", "∫₀^∞ e⁻ˣ dx");
}

#[test]
fn names_are_the_signs_that_they_stand_for() {
    is(r"\alpha\beta \le \gamma", "αβ ≤ γ");
    is(r"\forall x \in \mathbb{R}, \exists y", "∀x ∈ ℝ, ∃y");
    is(r"a\times b \cdot c", "a × b · c");
    is(r"\Delta = b^2, \pm 1", "Δ = b², ±1");
    is(r"\sin\theta + 2\cos^2 x", "sin θ + 2 cos² x");
    is(r"A \Rightarrow B \iff \neg C", "A ⇒ B ⟺ ¬C");
    is(r"\mathcal{L}, \mathbb{E}[X], \mathfrak{g}", "ℒ, 𝔼[X], 𝔤");
    is(
        r"\hat{y} \bar x \vec{v} \overline{AB}",
        "y\u{302} x\u{304} v\u{20d7} A\u{305}B\u{305}",
    );
    is(
        r"x \not= y \not\in Z",
        "x ≠ y ∉ Z"
            .replace("≠", "=\u{338}")
            .replace("∉", "∈\u{338}")
            .as_str(),
    );
    is(
        r"\left( \frac{a}{b} \right. \{1, 2\} \| v \|",
        "( a/b  {1, 2} ‖ v ‖".replace("  ", " ").as_str(),
    );
    is(r"10\% \text{ of } \$5", "10% of $5");
    is(r"\operatorname{rank}(A), \max_{x} f", "rank(A), maxₓ f");
    is(
        r"a \equiv b \pmod{n}, \binom{n}{k}",
        "a ≡ b (mod n), C(n, k)",
    );
    is(r"A \xrightarrow{f} B, \boxed{42}", "A →ᶠ B, [42]");
}

#[test]
fn what_is_not_known_stays_as_it_was() {
    is(r"\unknown{x + \alpha} + 1", r"\unknown{x + \alpha} + 1");
    is(r"\widehat{abc}", "widehat(abc)");
    is(r"\begin{odd} x", r"\begin{odd} x");
    assert_eq!(line(r"\frac{1"), None);
    assert_eq!(line(r"x}"), None);
    assert_eq!(rows(r"x}"), None);
    let deep = "{".repeat(500) + "x" + &"}".repeat(500);
    assert!(line(&deep).unwrap().contains('x'));
}

#[track_caller]
fn rows_are(tex: &str, expected: &[&str]) {
    assert_eq!(rows(tex).unwrap(), expected, "{tex}");
}

#[test]
fn rows_stand_below_each_other() {
    rows_are(r"a = b \\ c = d", &["a = b", "c = d"]);
    rows_are(
        r"\begin{aligned} a &= b + c \\[4pt] aa &= d \end{aligned}",
        &[" a = b + c", "aa = d"],
    );
    rows_are(
        r"f(x) = \begin{cases} x^2 & \text{if } x > 0 \\ -x & \text{else} \end{cases}",
        &["f(x) = ⎧ x²  if x > 0", "       ⎩ -x  else"],
    );
    rows_are(
        r"A = \begin{pmatrix} 1 & 22 \\ 3 & 4 \\ \alpha & 6 \end{pmatrix} \cdot v",
        &["    ⎛ 1  22 ⎞", "A = ⎜ 3  4  ⎟ · v", "    ⎝ α  6  ⎠"],
    );
    rows_are(
        r"\begin{vmatrix} a & b \\ c & d \end{vmatrix} = 1",
        &["│ a  b │ = 1", "│ c  d │"],
    );
    rows_are(r"\begin{bmatrix} 1 & 2 \end{bmatrix}^T", &["[ 1  2 ]ᵀ"]);
}

#[test]
fn rows_within_a_line_are_on_one() {
    is(
        r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
        "[1 2; 3 4]",
    );
    is(
        r"|x| = \begin{cases} x & x \ge 0 \\ -x & x < 0 \end{cases}",
        "|x| = {x, x ≥ 0; -x, x < 0}",
    );
    is(r"\begin{array}{cc} a & b \\ c & d \end{array}", "a b; c d");
}
