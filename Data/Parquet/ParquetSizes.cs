using System.Buffers.Binary;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Parquet;

/// <summary>
/// Looks at the sizes that a Parquet file gives for its parts, before Arrow's reader allocates as much: those of the metadata at its end,
/// and those in the header of every page of the columns that are read.
/// </summary>
internal sealed class ParquetSizes
{
    private const string Expected = "a Parquet file whose parts end within it";
    private const int LargestMetadata = 256 << 20;
    private const int LargestPageHeader = 16 << 20;
    private const int FirstTry = 1 << 10;

    // pyarrow writes pages of 1 MiB, Spark of 1 MiB or of 20,000 rows.
    private const int LargestPage = 64 << 20;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly List<ColumnChunk[]> _groups = [];

    /// <summary>Checks the metadata.</summary>
    /// <param name="file">The file; owned by the caller.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="TableFormatException">They do not fit into the file.</exception>
    public ParquetSizes(FileStream file, string path)
    {
        (_file, _path) = (file, path);
        var end = new byte[8];
        if (file.Length < 12)
            throw Unfit($"{file.Length} bytes");
        file.Position = file.Length - 8;
        file.ReadExactly(end);
        int size = BinaryPrimitives.ReadInt32LittleEndian(end);
        if (!end.AsSpan(4).SequenceEqual("PAR1"u8))
            throw Unfit("no mark at the end");
        if (size <= 0 || size > Math.Min(LargestMetadata, file.Length - 12))
            throw Unfit($"metadata of {size} bytes");
        var metadata = new byte[size];
        file.Position = file.Length - 8 - size;
        file.ReadExactly(metadata);
        Guarded("metadata", () => ReadMetadata(new ThriftReader(metadata)));
    }

    /// <summary>Checks the pages of columns.</summary>
    /// <param name="leaves">The columns, by their places among those that hold values.</param>
    /// <exception cref="TableFormatException">A page does not fit into its column, or is larger than may be in memory.</exception>
    public void CheckPages(IReadOnlyList<int> leaves)
    {
        foreach (ColumnChunk[] group in _groups)
        {
            foreach (int leaf in leaves)
            {
                if (leaf >= group.Length)
                    throw Unfit($"a row group of {group.Length} columns");
                Guarded("pages", () => CheckPages(group[leaf]));
            }
        }
    }

    private void ReadMetadata(ThriftReader metadata) => metadata.Struct((id, kind) => (id, kind) switch
    {
        (4, ThriftReader.Kind.List) => Done(() => metadata.List(_ => Done(() => ReadRowGroup(metadata)))),
        _ => false,
    });

    private void ReadRowGroup(ThriftReader metadata)
    {
        var columns = new List<ColumnChunk>();
        metadata.Struct((id, kind) => (id, kind) == (1, ThriftReader.Kind.List)
            && Done(() => metadata.List(_ => Done(() => columns.Add(ReadColumn(metadata))))));
        _groups.Add([.. columns]);
    }

    private static ColumnChunk ReadColumn(ThriftReader metadata)
    {
        var column = default(ColumnChunk);
        metadata.Struct((id, kind) => (id, kind) == (3, ThriftReader.Kind.Struct) && Done(() => metadata.Struct((field, type) =>
        {
            if (type is not (ThriftReader.Kind.Int or ThriftReader.Kind.Long) || field is not (4 or 5 or 7 or 9 or 11))
                return false;
            long value = metadata.Long();
            column = field switch
            {
                4 => column with { Codec = value },
                5 => column with { Values = value },
                7 => column with { Bytes = value },
                9 => column with { DataAt = value },
                _ => column with { DictionaryAt = value },
            };
            return true;
        })));
        return column;
    }

    private void CheckPages(ColumnChunk column)
    {
        long at = column.DictionaryAt > 0 && column.DictionaryAt < column.DataAt ? column.DictionaryAt : column.DataAt;
        long end = checked(at + column.Bytes);
        if (at < 4 || column.Bytes < 0 || end > _file.Length - 8)
            throw Unfit($"a column from byte {at} to {end}");
        for (long values = 0; values < column.Values && at < end;)
        {
            (Page page, int header) = ReadPage(at, end);
            at += header;
            if (page.Packed < 0 || page.Packed > end - at)
                throw Unfit($"a page of {page.Packed} bytes at byte {at}");

            // Snappy makes 64 bytes of three at most, Deflate 1,032 of one.
            long most = column.Codec switch
            {
                0 => page.Packed,
                1 => (22L * page.Packed) + 64,
                2 => (1032L * page.Packed) + 64,
                _ => long.MaxValue,
            };
            if (page.Bytes < 0 || page.Bytes > most)
                throw Unfit($"a page of {page.Bytes} bytes in {page.Packed} at byte {at}");
            if (page.Bytes > LargestPage || page.Packed > LargestPage)
            {
                throw new TableFormatException(
                    $"{_path}, which has a page of {Math.Max(page.Bytes, page.Packed)} bytes", $"pages of {LargestPage >> 20} MiB or less",
                    "write it in smaller pages (pyarrow: data_page_size=1048576)");
            }

            if (page.Values < 0 || page.Values > column.Values || (page.IsDictionary && page.Values > page.Bytes))
                throw Unfit($"a page of {page.Values} values at byte {at}");
            values += page.IsDictionary ? 0 : page.Values;
            at += page.Packed;
        }
    }

    private (Page Page, int Header) ReadPage(long at, long end)
    {
        for (int size = FirstTry; ; size = Math.Min(LargestPageHeader, 16 * size))
        {
            var bytes = new byte[Math.Min(size, end - at)];
            _file.Position = at;
            _file.ReadExactly(bytes);
            try
            {
                return ReadPage(new ThriftReader(bytes));
            }
            catch (ThriftEndException) when (bytes.Length == size && size < LargestPageHeader)
            {
                // The header has the smallest and the largest text of the page, which may be long.
            }
        }
    }

    private static (Page, int) ReadPage(ThriftReader header)
    {
        var page = default(Page);
        header.Struct((id, kind) =>
        {
            if (kind == ThriftReader.Kind.Int && id is 1 or 2 or 3)
            {
                long value = header.Long();
                page = id switch
                {
                    1 => page with { IsDictionary = value == 2 },
                    2 => page with { Bytes = value },
                    _ => page with { Packed = value },
                };
                return true;
            }

            return kind == ThriftReader.Kind.Struct && id is 5 or 7 or 8 && Done(() => header.Struct((field, type) =>
                (field, type) == (1, ThriftReader.Kind.Int) && Done(() => page = page with { Values = header.Long() })));
        });
        return (page, header.At);
    }

    private static bool Done(Action read)
    {
        read();
        return true;
    }

    private void Guarded(string what, Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is ThriftEndException or InvalidDataException or OverflowException)
        {
            throw Unfit($"damaged {what} ({error.Message})");
        }
    }

    private TableFormatException Unfit(string found) =>
        new($"{_path}, which cannot be read ({found})", Expected, "copy or write the file again");

    /// <summary>A column of a row group.</summary>
    /// <param name="Codec">How its pages are packed.</param>
    /// <param name="Values">How many values it has, null ones included.</param>
    /// <param name="Bytes">Its bytes in the file.</param>
    /// <param name="DataAt">Where its first page of data lies.</param>
    /// <param name="DictionaryAt">Where its dictionary lies; 0 for none.</param>
    private readonly record struct ColumnChunk(long Codec, long Values, long Bytes, long DataAt, long DictionaryAt);

    /// <summary>What the header of a page says.</summary>
    /// <param name="IsDictionary">Whether it holds the values that others refer to.</param>
    /// <param name="Bytes">Its bytes.</param>
    /// <param name="Packed">Its bytes in the file.</param>
    /// <param name="Values">How many values it has.</param>
    private readonly record struct Page(bool IsDictionary, long Bytes, long Packed, long Values);
}
