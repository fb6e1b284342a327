using System.IO.Compression;
using System.Runtime.CompilerServices;
using Orleans.Tbptt.Data.Tables;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>Unpacks files as they are read.</summary>
internal static class Unpacking
{
    /// <summary>The bytes of a packed file; closes the file with it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="packing">How it is packed.</param>
    /// <param name="path">Its path in the spec, for messages.</param>
    /// <exception cref="TableFormatException">The program reads gzip data that are cut short without an error.</exception>
    public static Stream Open(Stream file, Packing packing, string path) => packing switch
    {
        Packing.Gzip => OpenGzip(file, path),
        Packing.Zstd => OpenZstd(file),
        _ => file,
    };

    /// <summary>Whether an error says that a packed file is damaged.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool IsDamage(Exception error) => error is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException;

    private static GZipStream OpenGzip(Stream file, string path)
    {
        if (StrictGzip.IsOn)
            return new(file, CompressionMode.Decompress);
        file.Dispose();
        throw new TableFormatException(
            $"gzip data in {path}, in a program that reads gzip data which are cut short without an error",
            $"the .NET setting {StrictGzip.Setting}: true", "set it in the program's runtimeconfig.json, or decompress the file");
    }

    // A method by itself, so that the library is loaded only for such a file.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ZstdSharp.DecompressionStream OpenZstd(Stream file) => new(file, leaveOpen: false);
}
