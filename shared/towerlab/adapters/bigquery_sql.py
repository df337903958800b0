"""The statistics' SQL, which is DuckDB's, as BigQuery's. What sqlglot translates is left to it; what it cannot is here,
one function a construct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import ErrorLevel, exp, parse_one

from towerlab.domain.columns import ColumnType

SINGLE_PRECISION = 3.4028235677973366e38  # from here on DuckDB's FLOAT is infinite


def parsed(sql: str) -> exp.Expr:
    """A statement in DuckDB's dialect."""
    statement: exp.Expr = parse_one(sql, read="duckdb")
    return statement


def rendered(statement: exp.Expr, columns: Mapping[str, ColumnType], variables: Mapping[str, Any]) -> str:
    """BigQuery's text. `columns` are the snapshot's. Raises UnsupportedError rather than leave something out."""

    def turned(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Cast):
            return _text_of_fraction(node, columns)
        if isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable":
            return exp.convert(variables[node.expressions[0].name])
        turn = _TURNS.get(type(node))
        return turn(node) if turn else node

    return statement.transform(turned).sql("bigquery", unsupported_level=ErrorLevel.RAISE)


def _text_of_fraction(cast: exp.Cast, columns: Mapping[str, ColumnType]) -> exp.Expr:
    """BigQuery writes 1.0 as '1'; an identifier must be one text everywhere."""
    column = cast.this
    is_fraction = isinstance(column, exp.Column) and columns.get(column.name) is ColumnType.FLOAT
    if not (is_fraction and cast.is_type(exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT)):
        return cast
    return exp.func("REGEXP_REPLACE", cast.copy(), exp.Literal.string(r"^(-?[0-9]+)$"), exp.Literal.string(r"\1.0"))


def _seconds(node: exp.Expr) -> exp.Expr:
    """epoch(x) of a DATETIME or a DATE, fractions kept."""
    micros = exp.func("UNIX_MICROS", exp.func("TIMESTAMP", node.this, dialect="bigquery"))
    return exp.Div(this=micros, expression=exp.Literal.number(1_000_000), typed=False, safe=False)


def _is_finite(node: exp.Expr) -> exp.Expr:
    """A snapshot has nothing that is not finite; left to see is what single precision would make of a number."""
    if not isinstance(node, exp.Anonymous) or node.name.lower() != "isfinite":
        return node
    (value,) = node.expressions
    if isinstance(value, exp.TryCast):
        return exp.LT(this=exp.Abs(this=value.this), expression=exp.Literal.number(repr(SINGLE_PRECISION)))
    return exp.Not(this=exp.Is(this=value, expression=exp.Null()))


def _first_of(node: exp.Expr) -> exp.Expr:
    """first(x ORDER BY ...)"""
    order = node.this
    for key in order.expressions:
        key.set("nulls_first", not key.args.get("desc"))  # BigQuery's own order: no value is null here
    limited = exp.Limit(this=order, expression=exp.Literal.number(1))
    return _nth(exp.ArrayAgg(this=limited), exp.Literal.number(0))


def _middle(node: exp.Expr) -> exp.Expr:
    """quantile_disc(x, 0.5): the lower of the two middle values."""
    return _nth(_sorted(node.this), _half(exp.Sub(this=_count(node.this), expression=exp.Literal.number(1))))


def _median(node: exp.Expr) -> exp.Expr:
    """quantile_cont(x, 0.5): halfway between the two middle values."""
    upper = _nth(_sorted(node.this), _half(_count(node.this)))
    total = exp.Paren(this=exp.Add(this=_middle(node), expression=upper))
    return exp.Div(this=total, expression=exp.Literal.number(2), typed=False, safe=False)


def _sorted(x: exp.Expr) -> exp.Expr:
    key = exp.Ordered(this=x.copy(), desc=False, nulls_first=True)
    return exp.ArrayAgg(this=exp.IgnoreNulls(this=exp.Order(this=x.copy(), expressions=[key])))


def _count(x: exp.Expr) -> exp.Expr:
    return exp.Count(this=x.copy())


def _half(x: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="DIV", expressions=[exp.Paren(this=x), exp.Literal.number(2)])


def _nth(array: exp.Expr, place: exp.Expr) -> exp.Expr:
    return exp.Bracket(this=array, expressions=[place], offset=0, safe=True)


def _formatted(node: exp.Expr) -> exp.Expr:
    """strftime(x, '...'): of a DATETIME where hours are asked for, else of a DATE."""
    form = node.args["format"].name.replace("%S.%f", "%E6S")
    function = "FORMAT_DATETIME" if "%H" in form else "FORMAT_DATE"
    return exp.Anonymous(this=function, expressions=[exp.Literal.string(form), node.this])


def _joined(node: exp.Expr) -> exp.Expr:
    """'text' || row_id: BigQuery joins texts alone."""
    for side in ("this", "expression"):
        part = node.args[side]
        if isinstance(part, exp.Column) and part.name == "row_id":
            node.set(side, exp.cast(part.copy(), exp.DataType.Type.TEXT))
    return node


_TURNS: Mapping[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.TimeToUnix: _seconds,
    exp.Anonymous: _is_finite,
    exp.First: _first_of,
    exp.PercentileDisc: _middle,
    exp.PercentileCont: _median,
    exp.TimeToStr: _formatted,
    exp.DPipe: _joined,
}
