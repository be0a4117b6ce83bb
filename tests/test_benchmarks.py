"""The benchmarks run, and compare two computations of the same thing."""

from benchmarks.step import CASES, Work, gradient_error, measure


def test_a_row_of_the_table():
    case = next(case for case in CASES if case.variant == "fast")
    cells = measure(case, quick=True).strip("| ").split(" | ")
    assert cells[0] == case.name
    plain, ours = float(cells[1]), float(cells[2])
    assert plain > 0
    assert ours > 0


def test_both_models_of_a_case_have_the_same_gradients():
    for case in CASES:
        if case.variant == "fast":
            works = [Work(case, plain, quick=True) for plain in (True, False)]
            assert gradient_error(*works) < 1e-3
