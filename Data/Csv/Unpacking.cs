using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Orleans.Tbptt.Data.Csv;

/// <summary>Unpacks files as they are read.</summary>
internal static class Unpacking
{
    /// <summary>The bytes of a packed file; closes the file with it.</summary>
    public static Stream Open(Stream file, Packing packing) => packing switch
    {
        Packing.Gzip => new GZipStream(file, CompressionMode.Decompress),
        Packing.Zstd => OpenZstd(file),
        _ => file,
    };

    /// <summary>Whether an error says that a packed file is damaged.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool IsDamage(Exception error) => error is InvalidDataException or EndOfStreamException or ZstdSharp.ZstdException;

    // A method by itself, so that the library is loaded only for such a file.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ZstdSharp.DecompressionStream OpenZstd(Stream file) => new(file, leaveOpen: false);
}
