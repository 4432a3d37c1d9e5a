use super::*;

#[track_caller]
fn is(source: &str, expected: &str) {
    assert_eq!(inline(source).as_deref(), Some(expected), "{source}");
}

#[track_caller]
fn rows_are(source: &str, expected: &[&str]) {
    assert_eq!(block(source, Some(80)).unwrap(), expected, "{source}");
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
    is(r"\frac{1}{a(b+c)}", "1/(a(b+c))");
    is(r"\frac{\text{速度}}{\text{时间}}", "速度/时间");
    is(r"{a+b \over 2}", "(a+b)/2");
    is(r"\frac{(-2)^2 + 0^2}{2}", "((-2)² + 0²)/2");
    is(r"\frac{(a)^2}{(a)(b)^2}", "(a)²/((a)(b)²)");
}

#[test]
fn parentheses_keep_what_a_drawn_fraction_shows() {
    is(r"\frac{\sum (x)(y)}{z}", "(∑ (x)(y))/z");
    is(r"\frac{\sin x}{x}", "(sin x)/x");
    is(r"\frac{1}{2}mv^2", "(1/2)mv²");
    is(r"i\hbar\frac{\partial}{\partial t}\Psi", "iℏ (∂/∂t)Ψ");
    is(r"\left(\frac{a^k}{k!}\right)\frac{1}{2}", "(aᵏ/k!)(1/2)");
    is(r"\log \frac{a}{b}", "log(a/b)");
    is(r"\int \frac{1}{x} dx", "∫ (1/x) dx");
    is(r"\frac{a}{b}^2 + \sqrt{x}^2", "(a/b)² + (√x)²");
    is(r"\sqrt{x}y + \sqrt{x^2}", "√(x)y + √(x²)");
    is(r"{a+b}^2", "(a+b)²");
    is(r"2\frac{1}{3} + x/\frac{a}{b}", "2 1/3 + x/(a/b)");
    is(r"2\sqrt[n]{x}", "2 ⁿ√x");
    is(r"x^q y + x_B^2", "x^q y + x_B²");
    is(r"x^qy", "x^q y");
    is(r"e^{x^2} + e^{\frac{1}{2}}", "e^(x²) + e^(1/2)");
}

#[test]
fn braces_are_drawn_with_their_labels() {
    rows_are(r"\overbrace{c+d}^{n}", &[" n", "╭┴╮", "c+d"]);
    rows_are(
        r"\underbrace{a+b}_{\text{sum}} = 2",
        &["a+b = 2", "╰┬╯", "sum"],
    );
    is(r"\overbrace{c+d}^{n}", r"\overbrace{c+d}^{n}");
    is(
        r"x + \underbrace{a+b}_{\text{sum}}^2",
        r"x + (\underbrace{a+b}_{\text{sum}})²",
    );
}

#[test]
fn delimiters_enclose_all_rows() {
    rows_are(
        r"\left(\begin{array}{cc} a & b \\ c & d \end{array}\right)",
        &["⎛ a  b ⎞", "⎝ c  d ⎠"],
    );
    rows_are(
        r"\left|\begin{matrix} 1 & 2 \\ 3 & 4 \end{matrix}\right| = -2",
        &["│ 1  2 │ = -2", "│ 3  4 │"],
    );
    rows_are(
        r"f = \left\{ \begin{array}{ll} 1 & x > 0 \\ 0 & \text{else} \end{array} \right.",
        &["f = ⎧ 1  x > 0", "    ⎩ 0  else"],
    );
    rows_are(
        r"\left[\begin{array}{cc|c} 1 & 0 & 5 \\ 0 & 1 & 7 \end{array}\right]",
        &["⎡ 1  0 │ 5 ⎤", "⎣ 0  1 │ 7 ⎦"],
    );
    is(
        r"\left(\begin{array}{c} a \\ b \end{array}\right)",
        "(a; b)",
    );
    is(r"\left( \frac{a}{b} \right) \{1, 2\}", "(a/b) {1, 2}");
    is(r"\left.\frac{a}{b}\right|_{x=0}", "(a/b)|ₓ₌₀");
}

#[test]
fn scripts_stand_in_their_place_where_all_of_them_can() {
    is(r"x_1^2 + x_{n+1}", "x₁² + xₙ₊₁");
    is(r"e^{i\pi} + e^{-x}", "e^(iπ) + e⁻ˣ");
    is(r"x_{\text{if odd}}", "x_(if odd)");
    is(r"90^\circ, f'(x), a^*", "90°, f′(x), a^*");
    is(r"f''(x) + {}^{14}C", "f′′(x) + ¹⁴C");
    is(r"\sum_{i=1}^{n} a_i", "∑ᵢ₌₁ⁿ aᵢ");
    is(r"\sum_{i=1}^{n}a_i", "∑ᵢ₌₁ⁿ aᵢ");
    is(r"\sum\limits_{i=1}^{n}\frac{1}{i}", "∑ᵢ₌₁ⁿ (1/i)");
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
    is(r"\Delta = b^2, \pm 1, x=\pm1", "Δ = b², ±1, x=±1");
    is(r"\sin\theta + 2\cos^2 x", "sin θ + 2 cos² x");
    is(r"A \Rightarrow B \iff \neg C", "A ⇒ B ⟺ ¬C");
    is(r"\mathcal{L}, \mathbb{E}[X], \mathfrak{g}", "ℒ, 𝔼[X], 𝔤");
    is(
        r"\hat{y} \bar x \vec{v} \overline{AB}",
        "y\u{302} x\u{304} v\u{20d7} A\u{305}B\u{305}",
    );
    is(r"x \not= y \not\in Z", "x =\u{338} y ∈\u{338} Z");
    is(r"10\% \text{ of } \$5", "10% of $5");
    is(r"\operatorname{rank}(A), \max_{x} f", "rank(A), maxₓ f");
    is(
        r"a \equiv b \pmod{n}, \binom{n}{k}",
        "a ≡ b (mod n), C(n, k)",
    );
    is(r"A \xrightarrow{f} B, \boxed{42}", "A →ᶠ B, [42]");
    is(r"f(\cdot, \cdot)", "f(·, ·)");
}

#[test]
fn what_cannot_be_laid_out_stays_as_it_was() {
    is(r"\unknown{x + \alpha} + 1", r"\unknown{x + \alpha} + 1");
    is(r"\widehat{abc}", r"\widehat{abc}");
    for broken in [
        r"\begin{odd} x \end{odd}",
        r"\begin{odd} x",
        r"\frac{1",
        r"\frac{1}",
        r"x}",
        r"\left( x",
        r"x \right)",
        r"x^2^3",
        r"\begin{matrix} a \end{pmatrix}",
    ] {
        assert_eq!(inline(broken), None, "{broken}");
        assert_eq!(block(broken, None), None, "{broken}");
    }
    let deep = "{".repeat(500) + "x" + &"}".repeat(500);
    assert_eq!(inline(&deep), None);
}

#[test]
fn rows_stand_below_each_other() {
    rows_are(r"a = b \\ c = d", &["a = b", "c = d"]);
    rows_are(
        r"\begin{aligned} a &= b + c \\[4pt] aa &= d \end{aligned}",
        &[" a = b + c", "aa = d"],
    );
    rows_are(
        r"\begin{align} a &= b \\ &\le c \end{align}",
        &["a = b", "  ≤ c"],
    );
    rows_are(r"\begin{equation} E = mc^2 \end{equation}", &["E = mc²"]);
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
    rows_are(
        r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}^T x",
        &["⎡ 1 ⎤ᵀ x", "⎣ 2 ⎦"],
    );
}

#[test]
fn a_matrix_in_aligned_equations_keeps_its_rows() {
    rows_are(
        r"\begin{aligned} A &= \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} \\ b &= 2 \end{aligned}",
        &["A = ⎛ 1  0 ⎞", "    ⎝ 0  1 ⎠", "b = 2"],
    );
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
    is(r"\sum_{\substack{i<n \\ j<m}} x", "∑_(i<n, j<m) x");
}

#[test]
fn a_wide_formula_is_broken_before_relations_and_sums() {
    let wide = r"\operatorname{Var}(X+Y) = \operatorname{Var}(X) + \operatorname{Var}(Y) + 2\operatorname{Cov}(X,Y)";
    assert_eq!(
        block(wide, Some(30)).unwrap(),
        ["Var(X+Y) = Var(X) + Var(Y)", "    + 2 Cov(X,Y)",]
    );
    let two = r"\bar{x} = \frac{1}{n} \sum x_i, \qquad \bar{y} = \frac{1}{n} \sum y_i";
    assert_eq!(
        block(two, Some(24)).unwrap(),
        ["x\u{304} = (1/n) ∑ xᵢ,", "y\u{304} = (1/n) ∑ yᵢ"]
    );
    let one = r"\begin{pmatrix} 100000 & 200000 & 300000 \end{pmatrix}";
    assert_eq!(block(one, Some(20)), None);
}
