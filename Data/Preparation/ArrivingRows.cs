using Orleans.Tbptt.Data.Csv;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Descriptions;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Preparation;

/// <summary>
/// Rows of CSV that arrive one after the other, for a trained model to forecast from each as soon as it is whole. They are read as those of
/// a file, and as what follows on those before.
/// </summary>
public sealed class ArrivingRows
{
    /// <summary>What messages call the stream.</summary>
    public const string Name = "standard input";

    private const int BlockBytes = 1 << 16;

    /// <summary>Bytes of a row, at most.</summary>
    private const int LongestRow = 4 << 20;

    private readonly Stream _stream;
    private readonly RunSpec _spec;
    private readonly SourceDescription _trained;
    private readonly CsvRecords _records;
    private readonly List<byte> _head = [];
    private CsvSource _source;
    private byte[] _buffer = new byte[BlockBytes];
    private int _start;
    private int _end;
    private int _headRows;
    private bool _isAtEnd;
    private bool _hasRows;

    /// <summary>Opens a stream.</summary>
    /// <param name="spec">The spec that the model was trained with; its source is a table.</param>
    /// <param name="trained">What was trained on: columns with what scales them.</param>
    /// <param name="stream">The stream; not owned.</param>
    /// <exception cref="SpecException">The model's data are no table.</exception>
    public ArrivingRows(RunSpec spec, SourceDescription trained, Stream stream)
    {
        (_spec, _trained, _stream) = (spec, trained, stream);
        _source = Forecasting.CsvOf(spec, Name);
        _records = new(_source.Comment is { Length: 1 } one ? one[0] : '\0');
        if (_source.Encoding.StartsWith("utf-16", StringComparison.Ordinal))
            throw Problem($"data.encoding: {_source.Encoding}", "UTF-8, or an encoding of one byte", "convert it: iconv -t utf-8");
    }

    /// <summary>Waits for the next row, and gives all rows that are there by then; null at the end of the stream.</summary>
    /// <param name="before">Where the series ended, by their names; only those are looked up whose rows follow.</param>
    /// <exception cref="SpecException">The rows cannot be forecast from; carries every mistake found.</exception>
    public IForecastData? Next(IReadOnlyDictionary<string, SeriesEnd> before)
    {
        while (true)
        {
            int length = Whole();
            if (length > 0)
            {
                byte[] text = [.. _head, .. _buffer.AsSpan(_start, length)];
                var source = _source;
                _source = source with { LinesPassed = source.LinesPassed + _buffer.AsSpan(_start, length).Count((byte)'\n') };
                _start += length;
                _hasRows = true;
                return Open(source, text, before);
            }

            if (_isAtEnd)
            {
                return _hasRows ? null
                    : throw Problem("no row", "a header row with the columns' names, and rows of numbers", "check what writes them");
            }

            Fill();
        }
    }

    /// <summary>
    /// Bytes of the whole rows that are there, up to the last one of data; takes the header on the way. A row that may show how rows are
    /// written is alone, so that this is found in the same ones however they arrive: the first one, and as long as nothing stood in front
    /// of decimals those with a mark that could.
    /// </summary>
    private int Whole()
    {
        int whole = 0;
        for (int at = 0; ;)
        {
            var left = _buffer.AsSpan(_start + at, _end - _start - at);
            int length = _records.LengthOfFirst(left);
            if (length < 0 && _isAtEnd && left.Length > 0)
                length = left.Length;
            if (length < 0)
                return whole;
            bool isData = _records.IsData(left[..length]);
            if (_headRows < _source.SkipRows + _source.HeaderRows)
            {
                _head.AddRange(left[..length]);
                _headRows += isData || _headRows < _source.SkipRows ? 1 : 0;
                _start += length;
                continue;
            }

            bool mayShow = isData && (!_hasRows || (_source.DecimalMark == '\0' && left[..length].ContainsAny((byte)'.', (byte)',')));
            if (mayShow && whole > 0)
                return whole;
            at += length;
            whole = isData ? at : whole;
            if (mayShow)
                return whole;
        }
    }

    private IForecastData Open(CsvSource source, byte[] text, IReadOnlyDictionary<string, SeriesEnd> before)
    {
        if (source.LinesPassed == 0)
        {
            if (FileContent.PackingOf(text) != Packing.None)
                throw Problem("compressed data", "text", "decompress them: zcat FILE | tbptt predict …");
            if (text is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
                throw Problem("text in UTF-16", "UTF-8, or an encoding of one byte", "convert it: iconv -t utf-8");
        }

        // The first row shows how all are written, and the first one with decimals what stands in front of them.
        return source.OpenForecast(text, _spec, _trained, before, dialect => _source = _source with
        {
            Separator = dialect.Separator, DecimalMark = dialect.HasDecimals ? dialect.Decimal : _source.DecimalMark,
        });
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end > LongestRow)
        {
            throw Problem(
                $"a row longer than {LongestRow >> 20} MiB behind line {_source.LinesPassed + _headRows}", "shorter rows",
                "look for an unclosed quote");
        }

        if (_end + BlockBytes > _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        (_end, _isAtEnd) = (_end + read, read == 0);
    }

    private static SpecException Problem(string found, string expected, string remedy) =>
        new(new SpecProblem(DataKeys.Source, $"{found} on {Name}", expected, remedy));
}
