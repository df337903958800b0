"""The two string hashes that TensorFlow uses, bit for bit, for ids that are computed without TensorFlow."""

from __future__ import annotations

_MASK = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F

Words = tuple[int, int, int, int]
Pair = tuple[int, int]


def siphash(text: bytes, key: Pair) -> int:
    """SipHash-2-4 (Aumasson and Bernstein, 'SipHash: a fast short-input PRF'): tf.strings.to_hash_bucket_strong
    before its modulo."""
    low, high = key
    state = low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573
    whole = len(text) - len(text) % 8
    tail = int.from_bytes(text[whole:], "little") | (len(text) & 0xFF) << 56
    for word in [*(_word(text, at) for at in range(0, whole, 8)), tail]:
        a, b, c, d = _rounds((state[0], state[1], state[2], state[3] ^ word), 2)
        state = a ^ word, b, c, d
    a, b, c, d = _rounds((state[0], state[1], state[2] ^ 0xFF, state[3]), 4)
    return a ^ b ^ c ^ d


def _rounds(state: Words, times: int) -> Words:
    a, b, c, d = state
    for _ in range(times):
        a = (a + b) & _MASK
        b = _left(b, 13) ^ a
        a = _left(a, 32)
        c = (c + d) & _MASK
        d = _left(d, 16) ^ c
        a = (a + d) & _MASK
        d = _left(d, 21) ^ a
        c = (c + b) & _MASK
        b = _left(b, 17) ^ c
        c = _left(c, 32)
    return a, b, c, d


def fingerprint(text: bytes) -> int:
    """FarmHash's Fingerprint64 (farmhashna::Hash64): tf.strings.to_hash_bucket_fast before its modulo, and where a
    lookup table puts a string that it does not know."""
    size = len(text)
    if size <= 16:
        return _up_to_16(text)
    mul = _K2 + size * 2
    if size <= 32:
        first, second = _head(text, mul, _word(text, 0) * _K1)
        return _mixed(first, second, mul)
    if size <= 64:
        return _up_to_64(text, mul)
    return _long(text)


def _up_to_16(text: bytes) -> int:
    size = len(text)
    if size == 0:
        return _K2
    if size < 4:
        first, last = text[0] + (text[size >> 1] << 8), size + (text[-1] << 2)
        return _folded(first * _K2 ^ last * _K0) * _K2 & _MASK
    mul = _K2 + size * 2
    if size < 8:
        head, tail = int.from_bytes(text[:4], "little"), int.from_bytes(text[-4:], "little")
        return _mixed(size + (head << 3), tail, mul)
    a, b = _word(text, 0) + _K2 & _MASK, _word(text, size - 8)
    return _mixed(_right(b, 37) * mul + a, (_right(a, 25) + b) * mul, mul)


def _head(text: bytes, mul: int, first: int) -> Pair:
    """What the formulas for 17 to 32 and for 33 to 64 bytes have in common."""
    size = len(text)
    a, b = first & _MASK, _word(text, 8)
    c, d = _word(text, size - 8) * mul & _MASK, _word(text, size - 16) * _K2
    return (_right(a + b, 43) + _right(c, 30) + d) & _MASK, (a + _right(b + _K2, 18) + c) & _MASK


def _up_to_64(text: bytes, mul: int) -> int:
    size = len(text)
    a = _word(text, 0) * _K2 & _MASK
    y, second = _head(text, mul, a)
    z = _mixed(y, second, mul)
    e, f = _word(text, 16) * mul & _MASK, _word(text, 24)
    g, h = (y + _word(text, size - 32)) * mul & _MASK, (z + _word(text, size - 24)) * mul
    return _mixed(_right(e + f, 43) + _right(g, 30) + h, e + _right(f + a, 18) + g, mul)


def _long(text: bytes) -> int:
    """Blocks of 64 bytes; the last 64 bytes count once more, with a multiplier of their own."""
    size = len(text)
    y = 81 * _K1 + 113 & _MASK
    z = _folded(y * _K2 + 113) * _K2 & _MASK
    x = 81 * _K2 + _word(text, 0) & _MASK
    v: Pair = (0, 0)
    w: Pair = (0, 0)
    for at in range(0, (size - 1) // 64 * 64, 64):
        x, y, z, v, w = _block(text, at, x, y, z, v, w, _K1, 1)
    mul = _K1 + ((z & 0xFF) << 1)
    w = w[0] + ((size - 1) & 63), w[1]
    v = v[0] + w[0] & _MASK, v[1]
    w = w[0] + v[0] & _MASK, w[1]
    x, y, z, v, w = _block(text, size - 64, x, y, z, v, w, mul, 9)
    first = _mixed(v[0], w[0], mul) + _folded(y) * _K0 + z
    return _mixed(first, _mixed(v[1], w[1], mul) + x, mul)


def _block(
    text: bytes, at: int, x: int, y: int, z: int, v: Pair, w: Pair, mul: int, times: int
) -> tuple[int, int, int, Pair, Pair]:
    x = _right(x + y + v[0] + _word(text, at + 8), 37) * mul & _MASK
    y = _right(y + v[1] + _word(text, at + 48), 42) * mul & _MASK
    x ^= w[1] * times & _MASK
    y = y + v[0] * times + _word(text, at + 40) & _MASK
    z = _right(z + w[0], 33) * mul & _MASK
    v = _weak(text, at, v[1] * mul, x + w[0])
    w = _weak(text, at + 32, z + w[1], y + _word(text, at + 16))
    return z, y, x, v, w


def _weak(text: bytes, at: int, a: int, b: int) -> Pair:
    first, second, third, fourth = (_word(text, at + step) for step in (0, 8, 16, 24))
    a = a + first & _MASK
    b = _right(b + a + fourth, 21)
    total = a + second + third & _MASK
    return total + fourth & _MASK, b + _right(total, 44) + a & _MASK


def _mixed(first: int, second: int, mul: int) -> int:
    first, second = first & _MASK, second & _MASK
    return _folded((second ^ _folded((first ^ second) * mul)) * mul) * mul & _MASK


def _folded(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _word(text: bytes, at: int) -> int:
    return int.from_bytes(text[at : at + 8], "little")


def _left(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & _MASK


def _right(value: int, by: int) -> int:
    value &= _MASK
    return (value >> by | value << (64 - by)) & _MASK
