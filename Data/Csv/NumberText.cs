using System.Globalization;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>Reads numbers as text, to the nearest float64.</summary>
internal static class NumberText
{
    // Up to 15 digits and 10¹⁵ are exact in float64, so that their quotient is rounded once (Clinger, 1990).
    private const int ExactDigits = 15;

    private static readonly double[] Powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];

    /// <summary>Reads a number that is digits, with decimals or without, and not more than are exact; false for every other text.</summary>
    /// <param name="text">The cell, in UTF-8.</param>
    /// <param name="point">In front of decimals.</param>
    /// <param name="number">The number.</param>
    public static bool TryPlain(ReadOnlySpan<byte> text, char point, out double number)
    {
        int at = text.Length > 0 && text[0] == '-' ? 1 : 0, decimals = -1;
        long digits = 0;
        number = 0;
        int length = text.Length - at;
        if (length > ExactDigits)
            return false;
        for (; at < text.Length; at++)
        {
            uint digit = (uint)text[at] - '0';
            if (digit <= 9)
            {
                digits = (digits * 10) + digit;
                continue;
            }

            if (text[at] != point || decimals >= 0)
                return false;
            decimals = at;
        }

        if (length < (decimals < 0 ? 1 : 2))
            return false;
        double value = decimals < 0 ? digits : digits / Powers[text.Length - 1 - decimals];
        number = text[0] == '-' ? -value : value;
        return true;
    }

    /// <summary>Whether a cell is a number in the range of float32.</summary>
    /// <param name="text">The cell, in UTF-8.</param>
    /// <param name="point">In front of decimals.</param>
    /// <param name="thousands">Between groups of three digits; NUL for none.</param>
    /// <param name="number">The number.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, char point, char thousands, out double number) =>
        TryPlain(text, point, out number) || TryParseAny(text, point, thousands, out number);

    // Locales part groups by blanks at which no line breaks, and by the typographic apostrophe.
    private static ReadOnlySpan<byte> WithAsciiMarks(ReadOnlySpan<byte> text, Span<byte> room)
    {
        int length = 0;
        for (int at = 0; at < text.Length;)
        {
            ReadOnlySpan<byte> rest = text[at..];
            (byte mark, int width) = rest.StartsWith("\u00A0"u8) ? ((byte)' ', 2)
                : rest.StartsWith("\u202F"u8) || rest.StartsWith("\u2009"u8) ? ((byte)' ', 3)
                : rest.StartsWith("\u2019"u8) ? ((byte)'\'', 3)
                : (rest[0], 1);
            room[length++] = mark;
            at += width;
        }

        return room[..length];
    }

    // Signs, exponents, more digits than are exact, thousands, and what is no number.
    private static bool TryParseAny(scoped ReadOnlySpan<byte> text, char point, char thousands, out double number)
    {
        number = 0;
        if (text.Length is 0 or > 100)
            return false;
        Span<byte> plain = stackalloc byte[100], room = stackalloc byte[100];
        if (thousands is ' ' or '\'' && text.ContainsAnyInRange((byte)0x80, (byte)0xff))
            text = WithAsciiMarks(text, room);
        int length = 0, leading = 0, group = -1;
        bool whole = true;
        foreach (byte one in text)
        {
            bool isDigit = one is >= (byte)'0' and <= (byte)'9';
            bool isSign = one is (byte)'+' or (byte)'-';
            if (whole && thousands != '\0' && one == thousands)
            {
                // The first group has 1 to 3 digits, each further one 3.
                if (group >= 0 ? group != 3 : leading is 0 or > 3)
                    return false;
                group = 0;
                continue;
            }

            if (!isDigit && !isSign && one != point && one is not ((byte)'e' or (byte)'E' or (byte)' '))
                return false;
            if (isDigit && whole)
            {
                leading++;
                group = group < 0 ? group : group + 1;
            }

            if (!isDigit && !isSign && one != ' ')
            {
                if (group is not (-1 or 3))
                    return false;
                (whole, group) = (false, -1);
            }

            plain[length++] = one == point ? (byte)'.' : one;
        }

        return group is -1 or 3
            && double.TryParse(plain[..length], NumberStyles.Float, CultureInfo.InvariantCulture, out number)
            && Math.Abs(number) <= float.MaxValue;
    }
}
