using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>An archive cannot be read.</summary>
internal sealed class NpzException(string found, string remedy) : Exception
{
    public string Found => found;

    public string Remedy => remedy;
}

/// <summary>Members of an archive of NumPy arrays: a ZIP archive of files NAME.npy, stored or deflated.</summary>
internal static class NpzMember
{
    private const int BlockBytes = 1 << 16;

    // Deflate turns a byte into 1,032 at most: an entry that declares more is false.
    private const long LargestRatio = 1032;

    /// <summary>Opens an archive.</summary>
    /// <exception cref="NpzException">It is none.</exception>
    public static ZipArchive Open(Stream stream, string path)
    {
        try
        {
            var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            _ = archive.Entries.Count;
            return archive;
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException)
        {
            throw new NpzException($"no archive in {path} ({error.Message})", "copy or save the file again; numpy.save writes npy:FILES");
        }
    }

    /// <summary>The member of an array; null for none.</summary>
    public static ZipArchiveEntry? Find(ZipArchive archive, string name) =>
        archive.Entries.FirstOrDefault(entry => entry.FullName == name + ".npy" || entry.FullName == name);

    /// <summary>The names of all arrays, for messages.</summary>
    public static string Names(ZipArchive archive) => archive.Entries.Count == 0 ? "it has none"
        : Wording.List([.. archive.Entries.Select(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal)
            ? entry.FullName[..^4] : entry.FullName)]);

    /// <summary>Unpacks a member and compares its checksum.</summary>
    /// <exception cref="NpzException">It is damaged.</exception>
    /// <exception cref="Tables.TemporaryFileException">It is large, and there is no room for it on disk.</exception>
    public static ScratchBytes Unpack(ZipArchiveEntry member, string name)
    {
        long length = member.Length;
        if (length < 0 || length / LargestRatio > member.CompressedLength)
            throw Damaged($"{length} bytes packed into {member.CompressedLength}");
        var bytes = new ScratchBytes(length);
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            var checksum = new Crc32();
            using Stream packed = member.Open();
            long at = 0;
            for (int read; (read = packed.Read(block, 0, BlockBytes)) > 0; at += read)
            {
                if (read > length - at)
                    throw Damaged($"more than the {length} bytes that it should have");
                bytes.Write(at, block.AsSpan(0, read));
                checksum.Append(block.AsSpan(0, read));
            }

            if (at != length)
                throw Damaged($"{at} of {length} bytes");
            if (checksum.GetCurrentHashAsUInt32() != member.Crc32)
                throw Damaged("another checksum");
            return bytes;
        }
        catch (Exception error)
        {
            bytes.Dispose();
            throw error is InvalidDataException or EndOfStreamException or NotSupportedException ? Damaged(error.Message) : error;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        NpzException Damaged(string how) => new($"{name}, which is damaged: {how}", "copy or save the file again");
    }
}
