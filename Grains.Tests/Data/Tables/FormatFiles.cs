using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Apache.Arrow.Types;
using ParquetSharp;
using TimeUnit = Apache.Arrow.Types.TimeUnit;

namespace Orleans.Tbptt.Tests.Data.Tables;

/// <summary>Files of tables, written by the libraries' own writers: Apache.Arrow 23 and ParquetSharp 25.</summary>
internal static class FormatFiles
{
    /// <summary>Four rows of every type, the third of each column null where it may be.</summary>
    public static RecordBatch Batch()
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(1_577_836_800_000);
        var decimals = new Decimal128Array.Builder(new Decimal128Type(20, 3));
        decimals.Append(1.5m).Append(-1234567.125m).AppendNull().Append(0m);
        TimestampArray Times(TimeUnit unit) => new TimestampArray.Builder(unit, TimeZoneInfo.Utc)
            .Append(time).Append(time.AddMilliseconds(1500)).AppendNull().Append(time.AddYears(-100)).Build();
        var codes = new Int8Array.Builder().Append(1).Append(0).AppendNull().Append(1).Build();
        var words = new StringArray.Builder().Append("low").Append("high").Build();
        return new RecordBatch.Builder()
            .Append("f64", true, new DoubleArray.Builder().Append(1.5).Append(double.NaN).AppendNull().Append(-1e30).Build())
            .Append("f32", true, new FloatArray.Builder().Append(1.5f).Append(2).AppendNull().Append(0.1f).Build())
            .Append("i8", true, new Int8Array.Builder().Append(1).Append(-128).AppendNull().Append(127).Build())
            .Append("i16", true, new Int16Array.Builder().Append(1).Append(-32768).AppendNull().Append(7).Build())
            .Append("i32", true, new Int32Array.Builder().Append(1).Append(int.MinValue).AppendNull().Append(7).Build())
            .Append("i64", true, new Int64Array.Builder().Append(1).Append(1_700_000_000_060).AppendNull().Append(7).Build())
            .Append("u8", true, new UInt8Array.Builder().Append(1).Append(255).AppendNull().Append(7).Build())
            .Append("u16", true, new UInt16Array.Builder().Append(1).Append(65535).AppendNull().Append(7).Build())
            .Append("u32", true, new UInt32Array.Builder().Append(1).Append(uint.MaxValue).AppendNull().Append(7).Build())
            .Append("u64", true, new UInt64Array.Builder().Append(1).Append(ulong.MaxValue).AppendNull().Append(7).Build())
            .Append("flag", true, new BooleanArray.Builder().Append(true).Append(false).AppendNull().Append(true).Build())
            .Append("decimal", true, decimals.Build())
            .Append("whole", false, new Int32Array.Builder().Append(4).Append(3).Append(2).Append(1).Build())
            .Append("text", true, new StringArray.Builder().Append("a").Append("b").AppendNull().Append("a").Build())
            .Append("when_ms", true, Times(TimeUnit.Millisecond))
            .Append("when_us", true, Times(TimeUnit.Microsecond))
            .Append("day", true, new Date32Array.Builder().Append(time.UtcDateTime).Append(time.UtcDateTime.AddDays(1)).AppendNull()
                .Append(DateTime.UnixEpoch).Build())
            .Append("word", true, new DictionaryArray(new DictionaryType(Int8Type.Default, StringType.Default, false), codes, words))
            .Build();
    }

    /// <summary>Rows of two numbers: the row from 0, and its half.</summary>
    public static RecordBatch Numbers(int first, int count) => new RecordBatch.Builder()
        .Append("a", false, new DoubleArray.Builder().AppendRange(Enumerable.Range(first, count).Select(i => (double)i)).Build())
        .Append("b", true, new FloatArray.Builder().AppendRange(Enumerable.Range(first, count).Select(i => i / 2f)).Build())
        .Append("flag", false, new BooleanArray.Builder().AppendRange(Enumerable.Range(first, count).Select(i => i % 3 == 0)).Build())
        .Build();

    public static string Parquet(string path, RecordBatch[] groups, Compression compression = Compression.Snappy, bool secondPages = false)
    {
        using var builder = new WriterPropertiesBuilder();
        builder.Compression(compression);
        if (secondPages)
            builder.DataPageVersion(ParquetDataPageVersion.V2).DisableDictionary();
        using var properties = builder.Build();
        using var writer = new ParquetSharp.Arrow.FileWriter(path, groups[0].Schema, properties);
        foreach (RecordBatch group in groups)
        {
            writer.NewBufferedRowGroup();
            writer.WriteRecordBatch(group);
        }

        writer.Close();
        return path;
    }

    public static string Arrow(string path, RecordBatch[] batches, CompressionCodecType? codec = null, bool isStream = false)
    {
        using FileStream file = File.Create(path);
        var options = new IpcOptions { CompressionCodec = codec, CompressionCodecFactory = new CompressionCodecFactory() };
        using var writer = isStream
            ? new ArrowStreamWriter(file, batches[0].Schema, leaveOpen: false, options)
            : new ArrowFileWriter(file, batches[0].Schema, leaveOpen: false, options);
        foreach (RecordBatch batch in batches)
            writer.WriteRecordBatch(batch);
        writer.WriteEnd();
        return path;
    }
}
