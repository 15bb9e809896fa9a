/* MD5 (RFC 1321), SHA-1 and SHA-256 (FIPS 180-4), CRC-32 (ISO 3309). */
#include "hash.h"

enum { BLOCK = 64 };

static uint32_t left(uint32_t word, unsigned bits) {
    return word << bits | word >> (32 - bits);
}

static uint32_t right(uint32_t word, unsigned bits) {
    return left(word, 32 - bits);
}

/* Byte `i` of four is the first or the last of the word. */
static uint32_t read_word(const uint8_t *at, bool big) {
    uint32_t word = 0;
    for (unsigned i = 0; i < 4; i++) word |= (uint32_t)at[i] << (big ? 24 - 8 * i : 8 * i);
    return word;
}

static void md5_block(uint32_t *state, const uint8_t *block) {
    static const uint32_t ADDED[64] = {
        0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
        0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
        0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
        0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
        0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
        0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
        0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
        0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    };
    static const uint8_t TURNS[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 64; i++) {
        unsigned round = i / 16;
        uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                         : round == 1 ? (d & b) | (~d & c)
                         : round == 2 ? b ^ c ^ d
                                      : c ^ (b | ~d);
        unsigned word = round == 0 ? i : round == 1 ? 5 * i + 1 : round == 2 ? 3 * i + 5 : 7 * i;
        uint32_t sum = a + mixed + ADDED[i] + read_word(block + 4 * (word % 16), false);
        a = d, d = c, c = b, b += left(sum, TURNS[round][i % 4]);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

static void sha1_block(uint32_t *state, const uint8_t *block) {
    static const uint32_t ADDED[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t words[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (unsigned i = 0; i < 16; i++) words[i] = read_word(block + 4 * i, true);
    for (unsigned i = 16; i < 80; i++) words[i] = left(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    for (unsigned i = 0; i < 80; i++) {
        unsigned round = i / 20;
        uint32_t mixed = round == 0 ? (b & c) | (~b & d) : round == 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t sum = left(a, 5) + mixed + e + ADDED[round] + words[i];
        e = d, d = c, c = left(b, 30), b = a, a = sum;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

static void sha256_block(uint32_t *state, const uint8_t *block) {
    static const uint32_t ADDED[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    };
    uint32_t words[64], s[8];
    for (unsigned i = 0; i < 8; i++) s[i] = state[i];
    for (unsigned i = 0; i < 64; i++) {
        if (i < 16) {
            words[i] = read_word(block + 4 * i, true);
            continue;
        }
        uint32_t x = words[i - 15], y = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] + (right(x, 7) ^ right(x, 18) ^ x >> 3) +
                   (right(y, 17) ^ right(y, 19) ^ y >> 10);
    }
    for (unsigned i = 0; i < 64; i++) {
        uint32_t chosen = (s[4] & s[5]) ^ (~s[4] & s[6]), most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint32_t one = s[7] + (right(s[4], 6) ^ right(s[4], 11) ^ right(s[4], 25)) + chosen + ADDED[i] + words[i];
        uint32_t two = (right(s[0], 2) ^ right(s[0], 13) ^ right(s[0], 22)) + most;
        for (unsigned k = 7; k > 0; k--) s[k] = s[k - 1];
        s[4] += one;
        s[0] = one + two;
    }
    for (unsigned i = 0; i < 8; i++) state[i] += s[i];
}

/* Runs the whole blocks, then one or two more that end in a 1 bit, zeros and the length in bits. */
static void run_blocks(skillet_text text, uint32_t *state, void (*run)(uint32_t *, const uint8_t *), bool big) {
    const uint8_t *data = (const uint8_t *)text.data;
    size_t whole = text.length / BLOCK * BLOCK, rest = text.length - whole;
    for (size_t at = 0; at < whole; at += BLOCK) run(state, data + at);
    uint8_t last[2 * BLOCK] = {0};
    for (size_t i = 0; i < rest; i++) last[i] = data[whole + i];
    last[rest] = 0x80;
    size_t end = rest + 9 > BLOCK ? 2 * BLOCK : BLOCK;
    uint64_t bits = (uint64_t)text.length * 8;
    for (unsigned i = 0; i < 8; i++) last[end - 8 + i] = (uint8_t)(bits >> (big ? 56 - 8 * i : 8 * i));
    for (size_t at = 0; at < end; at += BLOCK) run(state, last + at);
}

static skillet_text digits(const uint32_t *state, unsigned words, bool big) {
    skillet_buffer out = {0};
    for (unsigned i = 0; i < 4 * words; i++) {
        uint8_t byte = (uint8_t)(state[i / 4] >> (big ? 24 - 8 * (i % 4) : 8 * (i % 4)));
        skillet_append_byte(&out, "0123456789abcdef"[byte >> 4]);
        skillet_append_byte(&out, "0123456789abcdef"[byte & 15]);
    }
    return skillet_finish(&out);
}

skillet_text md5(skillet_text text) {
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    run_blocks(text, state, md5_block, false);
    return digits(state, 4, false);
}

skillet_text sha1(skillet_text text) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    run_blocks(text, state, sha1_block, true);
    return digits(state, 5, true);
}

skillet_text sha256(skillet_text text) {
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    run_blocks(text, state, sha256_block, true);
    return digits(state, 8, true);
}

skillet_text crc32(skillet_text text) {
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < text.length; i++) {
        sum ^= (uint8_t)text.data[i];
        for (unsigned bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    sum = ~sum;
    return digits(&sum, 1, true);
}
