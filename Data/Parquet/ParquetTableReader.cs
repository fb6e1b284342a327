using Apache.Arrow;
using Apache.Arrow.Ipc;
using Orleans.Tbptt.Data.Arrow;
using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Tables;
using ParquetSharp;
using ParquetSharp.Arrow;

namespace Orleans.Tbptt.Data.Parquet;

/// <summary>
/// Reads a Parquet file with ParquetSharp, Arrow's own reader: pages of the columns that are used, a few thousand rows at a time, whatever
/// the size of the row groups.
/// </summary>
internal sealed class ParquetTableReader : BatchTableReader
{
    private const string Expected = "a Parquet file";
    private const int BatchRows = 1 << 14;

    private readonly FileStream _file;
    private readonly ParquetSizes _sizes;
    private readonly FileReader _reader;
    private IArrowArrayStream? _batches;
    private int[]? _places;

    /// <summary>Opens a file and reads its schema.</summary>
    /// <exception cref="TableFormatException">It is none.</exception>
    public ParquetTableReader(string path, string opened) : base(path)
    {
        _file = File.OpenRead(opened);
        try
        {
            CheckHead(path, _file);
            _sizes = new(_file, path);
            _reader = Open(opened);
            SetColumns(Guarded(() => _reader.Schema));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _batches?.Dispose();
        _reader?.Dispose();
        _file.Dispose();
    }

    protected override RecordBatch? TryNext() => Guarded(() =>
    {
        if (_batches is null)
        {
            int[] leaves = Leaves();
            _sizes.CheckPages(leaves);
            _batches = _reader.GetRecordBatchReader(null, leaves);
        }

        return _batches.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult();
    });

    protected override int Place(int chosen)
    {
        _places ??= [.. ChosenInFile.Select(field => _batches!.Schema.GetFieldIndex(_reader.Schema.GetFieldByIndex(field).Name))];
        return _places[chosen];
    }

    // A column of lists or structures has several leaves, so that the places of fields and leaves differ.
    private int[] Leaves()
    {
        IReadOnlyList<SchemaField> fields = _reader.SchemaManifest.SchemaFields;
        return [.. ChosenInFile.Distinct().Select(field => fields[field].ColumnIndex).Order()];
    }

    private static void CheckHead(string path, FileStream file)
    {
        var head = new byte[512];
        int read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> start = head.AsSpan(0, read);
        if (start.StartsWith("PAR1"u8))
            return;
        var (found, remedy) = start.StartsWith("PARE"u8) ? ("an encrypted Parquet file", "decrypt it")
            : FileContent.Other(start) ?? ("no Parquet file", "check the file, and that it is whole");
        throw new TableFormatException($"{found}: {path}", Expected, remedy);
    }

    private FileReader Open(string opened) => Guarded(() =>
    {
        using ReaderProperties properties = ReaderProperties.GetDefaultReaderProperties();
        properties.EnableBufferedStream();
        properties.EnablePageChecksumVerification();
        using ArrowReaderProperties arrow = ArrowReaderProperties.GetDefault();
        (arrow.BatchSize, arrow.PreBuffer, arrow.UseThreads) = (BatchRows, false, false);

        // In nanoseconds, times before 1677 and after 2262 would be others.
        arrow.CoerceInt96TimestampUnit = Apache.Arrow.Types.TimeUnit.Microsecond;
        return new FileReader(opened, properties, arrow);
    });

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not TableFormatException)
        {
            string why = error is OutOfMemoryException ? "it declares more data than there is memory for" : OneLine(error.Message);
            throw new TableFormatException($"{Path}, which cannot be read ({why})", Expected, "copy or write the file again");
        }
    }

    private static string OneLine(string message)
    {
        string line = message.ReplaceLineEndings(" ");
        return line.Length <= 200 ? line : line[..200] + "…";
    }
}
