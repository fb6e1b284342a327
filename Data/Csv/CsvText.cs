using System.Text;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>The text of a CSV file as UTF-8, whatever its encoding and compression; knows its first bytes.</summary>
internal sealed class CsvText
{
    /// <summary>Bytes that are looked at to find out what the file is.</summary>
    public const int HeadBytes = 64 << 10;

    private readonly string _path;
    private readonly Func<Stream> _open;
    private readonly Packing _packing;
    private readonly Encoding _encoding;
    private readonly int _skipped;
    private readonly byte _lineEnd = (byte)'\n';

    /// <summary>Looks at the first bytes of a file.</summary>
    /// <param name="path">The path in the spec, for messages.</param>
    /// <param name="open">Opens its bytes; called more than once.</param>
    /// <param name="encoding">The encoding's name; null to go by the byte order mark, UTF-8 without one.</param>
    /// <param name="skipped">Lines to pass over.</param>
    /// <param name="isPart">Whether rows before were read: their first bytes have been looked at, and no others are.</param>
    /// <exception cref="TableFormatException">It is no text, or not in this encoding.</exception>
    public CsvText(string path, Func<Stream> open, string? encoding, int skipped, bool isPart = false)
    {
        (_path, _open, _skipped) = (path, open, skipped);
        using Stream file = open();
        byte[] head = ReadHead(file);
        _packing = FileContent.PackingOf(head);
        _encoding = Encoding.UTF8;
        if (_packing != Packing.None)
        {
            using Stream unpacked = OpenUnpacked();
            head = ReadHead(unpacked);
        }

        if (head.Length == 0)
        {
            throw new TableFormatException(
                $"{path}, which is empty", "a header row with the columns' names, and rows of numbers", "check the file");
        }

        if ((FileContent.Other(head) ?? FileContent.Json(head)) is var (found, remedy))
            throw new TableFormatException($"{found}: {path}", "a CSV file", remedy);
        _encoding = CsvEncodings.Find(path, head, encoding);
        if (!head.Contains((byte)'\n') && head.Contains((byte)'\r'))
            _lineEnd = (byte)'\r';
        using Stream text = Open();
        byte[] start = ReadHead(text);
        Head = start.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? start[3..] : start;
        if (!isPart)
            CsvEncodings.CheckHead(path, Head, 1 + skipped);
    }

    /// <summary>The first bytes of the text, after the lines that are passed over, in UTF-8 without a byte order mark.</summary>
    public byte[] Head { get; }

    /// <summary>Whether that is all of it.</summary>
    public bool IsAll => Head.Length < HeadBytes - 3;

    /// <summary>The encoding that the text has in the file.</summary>
    public Encoding Encoding => _encoding;

    /// <summary>The text from behind the lines that are passed over, in UTF-8.</summary>
    public Stream Open()
    {
        Stream stream = OpenUnpacked();
        try
        {
            if (_encoding.CodePage != Encoding.UTF8.CodePage)
                stream = Encoding.CreateTranscodingStream(stream, _encoding, Encoding.UTF8);
            if (_skipped > 0)
                stream = new BufferedStream(stream, 1 << 16);
            for (int line = 0, read = 0; line < _skipped && read >= 0; line++)
            {
                do
                    read = stream.ReadByte();
                while (read >= 0 && read != _lineEnd);
            }

            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The problem of data that cannot be decompressed; null for any other exception.</summary>
    public TableFormatException? Damage(Exception error) => _packing != Packing.None && Unpacking.IsDamage(error)
        ? new TableFormatException(
            $"damaged {(_packing == Packing.Gzip ? "gzip" : "Zstandard")} data in {_path} ({error.Message})", "a complete compressed file",
            "copy or compress the file again")
        : null;

    /// <summary>Opens a file to be read once from its beginning to its end.</summary>
    public static Stream OpenFile(string path) => new FileStream(
        path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, FileOptions.SequentialScan);

    private Stream OpenUnpacked() => Unpacking.Open(_open(), _packing, _path);

    private byte[] ReadHead(Stream stream)
    {
        var head = new byte[HeadBytes];
        try
        {
            return head[..stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
        }
        catch (Exception error) when (Damage(error) is { } damage)
        {
            throw damage;
        }
    }
}
