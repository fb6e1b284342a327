using System.Buffers;
using System.IO.Compression;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Npy;

/// <summary>An archive of NumPy arrays: a ZIP archive of files NAME.npy, stored or deflated.</summary>
internal sealed class NpzFile : ArrayContainer
{
    private const int BlockBytes = 1 << 16;

    // Deflate turns a byte into 1,032 at most: an entry that declares more is false.
    private const long LargestRatio = 1032;

    private const string Expected = "an archive that numpy.savez wrote";

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly ZipArchive _archive;

    private NpzFile(string path, FileStream stream, ZipArchive archive) => (_path, _stream, _archive) = (path, stream, archive);

    public override IReadOnlyList<string> Listed =>
    [
        .. _archive.Entries.Select(entry => entry.FullName.EndsWith(".npy", StringComparison.Ordinal)
            ? entry.FullName[..^4] : entry.FullName),
    ];

    /// <summary>Opens an archive.</summary>
    /// <exception cref="ArrayContainerException">It is none.</exception>
    public static NpzFile Open(SafeFileHandle file, string path)
    {
        var stream = new FileStream(file, FileAccess.Read);
        try
        {
            var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            _ = archive.Entries.Count;
            return new(path, stream, archive);
        }
        catch (Exception error)
        {
            stream.Dispose();
            throw error is InvalidDataException or EndOfStreamException
                ? new ArrayContainerException(
                    $"no archive in {path} ({error.Message})", Expected, "copy or save the file again; numpy.save writes npy:FILES")
                : error;
        }
    }

    public override bool Has(string name) => Find(name) is not null;

    public override NpyArray? TryOpen(string name, ProblemList problems) =>
        NpyArray.TryOpen($"{_path}[{name}]", Unpack(Find(name)!, $"{_path}[{name}]"), problems);

    public override void Dispose()
    {
        _archive.Dispose();
        _stream.Dispose();
    }

    private ZipArchiveEntry? Find(string name) =>
        _archive.Entries.FirstOrDefault(entry => entry.FullName == name + ".npy" || entry.FullName == name);

    /// <summary>Unpacks a member and compares its checksum.</summary>
    private static ScratchBytes Unpack(ZipArchiveEntry member, string name)
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

        ArrayContainerException Damaged(string how) => new($"{name}, which is damaged: {how}", Expected, "copy or save the file again");
    }
}
