using System.Globalization;
using System.Numerics;
using Apache.Arrow;
using Apache.Arrow.Types;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Arrow;

/// <summary>Reads cells of Arrow's arrays: every number, points in time, texts, and dictionaries of these.</summary>
internal static class ArrowCells
{
    private const double MicrosecondsOfDay = 86_400e6;

    /// <summary>The type of a column's cells; null where they are no single values, or none that anything can be made of.</summary>
    public static CellType? TypeOf(IArrowType type) => type switch
    {
        DictionaryType dictionary => TypeOf(dictionary.ValueType),
        BooleanType or Decimal128Type or Decimal64Type or Decimal32Type => CellType.Number,
        TimestampType or Date32Type or Date64Type => CellType.Time,
        StringType or LargeStringType or StringViewType => CellType.Text,
        FixedSizeBinaryType => null,
        NumberType => CellType.Number,
        _ => null,
    };

    /// <summary>Reads cells of an array.</summary>
    /// <param name="array">The array.</param>
    /// <param name="from">The first cell.</param>
    /// <param name="type">How they are read.</param>
    /// <param name="place">The place of the first cell; the places of the others follow.</param>
    /// <param name="tally">Counts those that have no value, or another one.</param>
    /// <param name="values">Receives them.</param>
    public static void Read(IArrowArray array, int from, CellType type, long place, ColumnTally tally, Span<double> values)
    {
        if (type == CellType.Number)
        {
            ReadNumbers(array, from, place, tally, values);
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] = array.IsNull(from + i) ? tally.AddMissing(place + i)
                : type == CellType.Text ? Text(array, from + i, place + i, tally)
                : TimeAt(array, from + i, type) is { } time ? time
                : tally.AddOther(place + i, TextAt(array, from + i));
        }
    }

    // A missing number is NaN, also in a column that is read as texts.
    private static double Text(IArrowArray array, int at, long place, ColumnTally tally)
    {
        string text = TextAt(array, at);
        return text == "NaN" && TypeOf(array.Data.DataType) == CellType.Number ? tally.AddMissing(place) : tally.AddText(text);
    }

    private static void ReadNumbers(IArrowArray array, int from, long place, ColumnTally tally, Span<double> values)
    {
        switch (array)
        {
            case DoubleArray of: Numbers(of.Values, of, from, place, tally, values); break;
            case FloatArray of: Numbers(of.Values, of, from, place, tally, values); break;
            case HalfFloatArray of: Numbers(of.Values, of, from, place, tally, values); break;
            case Int64Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case Int32Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case Int16Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case Int8Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case UInt64Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case UInt32Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case UInt16Array of: Numbers(of.Values, of, from, place, tally, values); break;
            case UInt8Array of: Numbers(of.Values, of, from, place, tally, values); break;
            default:
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = array.IsNull(from + i) ? tally.AddMissing(place + i)
                        : NumberAt(array, from + i) is { } number ? Checked(number, place + i, tally)
                        : tally.AddOther(place + i, TextAt(array, from + i));
                }

                break;
        }
    }

    private static void Numbers<T>(
        ReadOnlySpan<T> stored, IArrowArray array, int from, long place, ColumnTally tally, Span<double> values) where T : INumberBase<T>
    {
        bool mayMiss = array.NullCount != 0;
        for (int i = 0; i < values.Length; i++)
        {
            double value = double.CreateSaturating(stored[from + i]);
            values[i] = mayMiss && array.IsNull(from + i) ? tally.AddMissing(place + i) : Checked(value, place + i, tally);
        }
    }

    // pandas and R write a missing number as NaN.
    private static double Checked(double value, long place, ColumnTally tally) =>
        double.IsNaN(value) ? tally.AddMissing(place)
        : float.IsFinite((float)value) ? value
        : tally.AddOther(place, value.ToString("R", CultureInfo.InvariantCulture));

    private static double? NumberAt(IArrowArray array, int at) => array switch
    {
        BooleanArray flags => flags.GetValue(at)!.Value ? 1 : 0,
        Decimal128Array decimals => Scaled(decimals.ValueBuffer.Span.Slice(16 * (decimals.Offset + at), 16),
            ((Decimal128Type)decimals.Data.DataType).Scale),
        Decimal64Array decimals => Scaled(decimals.ValueBuffer.Span.Slice(8 * (decimals.Offset + at), 8),
            ((Decimal64Type)decimals.Data.DataType).Scale),
        Decimal32Array decimals => Scaled(decimals.ValueBuffer.Span.Slice(4 * (decimals.Offset + at), 4),
            ((Decimal32Type)decimals.Data.DataType).Scale),
        DictionaryArray dictionary => IndexOf(dictionary, at) is { } index && !dictionary.Dictionary.IsNull(index)
            ? NumberOf(dictionary.Dictionary, index) : double.NaN,
        _ => null,
    };

    // Of a dictionary's values, which few cells share.
    private static double? NumberOf(IArrowArray values, int at)
    {
        Span<double> one = stackalloc double[1];
        var tally = new ColumnTally();
        ReadNumbers(values, at, 0, tally, one);
        return tally.Others > 0 ? null : one[0];
    }

    private static double Scaled(ReadOnlySpan<byte> littleEndian, int scale)
    {
        Int128 value = (littleEndian[^1] & 0x80) != 0 ? -1 : 0;
        for (int i = littleEndian.Length - 1; i >= 0; i--)
            value = (value << 8) | littleEndian[i];
        return scale >= 0 ? (double)value / Math.Pow(10, scale) : (double)value * Math.Pow(10, -scale);
    }

    private static double? TimeAt(IArrowArray array, int at, CellType type) => array switch
    {
        TimestampArray times => Microseconds(times.Values[at], ((TimestampType)times.Data.DataType).Unit),
        Date32Array days => days.Values[at] * MicrosecondsOfDay,
        Date64Array milliseconds => milliseconds.Values[at] * 1e3,
        DictionaryArray dictionary => IndexOf(dictionary, at) is { } index && !dictionary.Dictionary.IsNull(index)
            ? TimeAt(dictionary.Dictionary, index, type) : double.NaN,
        StringArray or LargeStringArray or StringViewArray =>
            TimeText.Of(type).Value(TextAt(array, at)) is var time && double.IsNaN(time) ? null : time,
        _ => null,
    };

    private static double Microseconds(long value, TimeUnit unit) => unit switch
    {
        TimeUnit.Second => value * 1e6,
        TimeUnit.Millisecond => value * 1e3,
        TimeUnit.Microsecond => value,
        _ => value / 1e3,
    };

    private static string TextAt(IArrowArray array, int at) => array switch
    {
        StringArray texts => texts.GetString(at) ?? "",
        LargeStringArray texts => texts.GetString(at) ?? "",
        StringViewArray texts => texts.GetString(at) ?? "",
        DictionaryArray dictionary => IndexOf(dictionary, at) is { } index ? TextAt(dictionary.Dictionary, index) : "",
        _ when TimeAt(array, at, CellType.Time) is { } time =>
            DateTime.UnixEpoch.AddMicroseconds(time).ToString("yyyy-MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture),
        _ when TypeOf(array.Data.DataType) == CellType.Number =>
            NumberOf(array, at)?.ToString("R", CultureInfo.InvariantCulture) ?? "",
        _ => $"a value of type {array.Data.DataType.Name}",
    };

    private static int? IndexOf(DictionaryArray dictionary, int at) => dictionary.Indices switch
    {
        Int8Array indices => indices.GetValue(at),
        Int16Array indices => indices.GetValue(at),
        Int32Array indices => indices.GetValue(at),
        UInt8Array indices => indices.GetValue(at),
        UInt16Array indices => indices.GetValue(at),
        Int64Array indices => checked((int?)indices.GetValue(at)),
        UInt32Array indices => checked((int?)indices.GetValue(at)),
        UInt64Array indices => checked((int?)indices.GetValue(at)),
        _ => null,
    };
}
