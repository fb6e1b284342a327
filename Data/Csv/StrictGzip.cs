using System.IO.Compression;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>
/// Whether .NET reports gzip data that are cut short. By default it takes the end of the file for the end of the data. The setting is read
/// once in a process, by the first stream that decompresses anything, so that a library can set it only before that.
/// </summary>
internal static class StrictGzip
{
    /// <summary>The name of the setting.</summary>
    public const string Setting = "System.IO.Compression.UseStrictValidation";

    private const int TrailerAndMore = 12;

    /// <summary>Found out by a try.</summary>
    public static bool IsOn { get; } = Find();

    private static bool Find()
    {
        if (!AppContext.TryGetSwitch(Setting, out _))
            AppContext.SetSwitch(Setting, true);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write("a text that is compressed and then cut"u8);
        packed.SetLength(packed.Length - TrailerAndMore);
        packed.Position = 0;
        using var cut = new GZipStream(packed, CompressionMode.Decompress);
        try
        {
            cut.CopyTo(Stream.Null);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }
}
