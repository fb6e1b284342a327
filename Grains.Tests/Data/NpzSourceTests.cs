using System.IO.Compression;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data;

public sealed class NpzSourceTests : IDisposable
{
    // NumPy 1.24's savez and savez_compressed of inputs = arange(6, dtype='f4').reshape(2, 3, 1), targets = 10 * arange(6.).reshape(2, 3)
    // in Fortran order, lengths = [3, 2].
    private const string Stored =
        "UEsDBBQAAAAAAAAAIQBdN9HwmAAAAJgAAAAKABQAaW5wdXRzLm5weQEAEACYAAAAAAAAAJgAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPG"
        + "Y0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMsIDEpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAACAPwAAAEAAAEBAAACAQAAAoEBQSwMEFAAAAAAAAAAhAEYBzIOwAAAAsAAAAAsAFAB0YXJnZX"
        + "RzLm5weQEAEACwAAAAAAAAALAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUn"
        + "OiAoMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAAAAAAAAAA"
        + "AAAD5AAAAAAAAAJEAAAAAAAABEQAAAAAAAADRAAAAAAAAASUBQSwMEFAAAAAAAAAAhAG/ZvG6QAAAAkAAAAAsAFABsZW5ndGhzLm5weQEAEACQ"
        + "AAAAAAAAAJAAAAAAAAAAk05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfS"
        + "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoDAAAAAAAAAAIAAAAAAAAAUEsBAhQD"
        + "FAAAAAAAAAAhAF030fCYAAAAmAAAAAoAAAAAAAAAAAAAAIABAAAAAGlucHV0cy5ucHlQSwECFAMUAAAAAAAAACEARgHMg7AAAACwAAAACwAAAA"
        + "AAAAAAAAAAgAHUAAAAdGFyZ2V0cy5ucHlQSwECFAMUAAAAAAAAACEAb9m8bpAAAACQAAAACwAAAAAAAAAAAAAAgAHBAQAAbGVuZ3Rocy5ucHlQ"
        + "SwUGAAAAAAMAAwCqAAAAjgIAAAAA";

    private const string Compressed =
        "UEsDBBQAAAAIAAAAIQBdN9HwWAAAAJgAAAAKABQAaW5wdXRzLm5weQEAEACYAAAAAAAAAFgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbp"
        + "Nmoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaRjoKxjoKhpo6CrUK5AEuBjBosAcSDkAExA1AvMABAFBLAwQUAAAACAAAACEARgHM"
        + "g1UAAACwAAAACwAUAHRhcmdldHMubnB5AQAQALAAAAAAAAAAVQAAAAAAAACb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5"
        + "SSChIPKSpNBQoXZyQWpAK5GkY6CsaaOgq1CuQDLgYUYOcAoVWgtAuUNoHSng4AUEsDBBQAAAAIAAAAIQBv2bxuSgAAAJAAAAALABQAbGVuZ3Ro"
        + "cy5ucHkBABAAkAAAAAAAAABKAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TaaGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5Gk"
        + "Y6mjoKtQoUAC5mBghggtIAUEsBAhQDFAAAAAgAAAAhAF030fBYAAAAmAAAAAoAAAAAAAAAAAAAAIABAAAAAGlucHV0cy5ucHlQSwECFAMUAAAA"
        + "CAAAACEARgHMg1UAAACwAAAACwAAAAAAAAAAAAAAgAGUAAAAdGFyZ2V0cy5ucHlQSwECFAMUAAAACAAAACEAb9m8bkoAAACQAAAACwAAAAAAAA"
        + "AAAAAAgAEmAQAAbGVuZ3Rocy5ucHlQSwUGAAAAAAMAAwCqAAAArQEAAAAA";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(Stored)]
    [InlineData(Compressed)]
    public void Arrays_AreReadByTheirRoles_AsNumPySavesThem(string archive)
    {
        using IDataSource source = Given.Open(Npz(Convert.FromBase64String(archive)));
        Assert.Equal(new(1, 0, 1, 0), source.Shape);
        Assert.Equal([0f, 1, 2], source.Training.Inputs(0));
        Assert.Equal([30f, 40], source.Training.Targets(1));
    }

    [Fact]
    public void Arrays_AreReadByTheirNames_WhereTheSpecHasThem()
    {
        byte[] x = NpyFiles.Of<float>("<f4", "2, 2, 1", 1, 2, 3, 4), y = NpyFiles.Of<float>("<f4", "2, 2", 5, 6, 7, 8);
        byte[] mask = NpyFiles.Of<byte>("|b1", "2, 2", 1, 1, 0, 1);
        byte[] archive = Archive(("x_train.npy", x), ("y_train.npy", y), ("mask.npy", mask));
        using (IDataSource source = Given.Open(Npz(archive, "x_train", "y_train")))
            Assert.Equal([7f, 8], source.Training.Targets(1));
        using (IDataSource source = Given.Open(Npz(Archive(("inputs.npy", x), ("targets.npy", y), ("mask.npy", mask)))))
            Assert.Equal([float.NaN, 8], source.Training.Targets(1));
        string path = _directory.File("x.npz");
        Assert.Equal($"data.source: found no array 'y' in {path}, expected one of its arrays: 'x_train', 'y_train', 'mask'; correct the "
            + "name in data.members", Given.Problem(Npz(archive, "x_train", "y")));
        string[] missing = [.. Given.Problems(Npz(archive)).Select(problem => problem.Remedy)];
        Assert.Equal(2, missing.Count(remedy => remedy == "name inputs and targets: members: [INPUTS, TARGETS] in data"));
    }

    [Fact]
    public void Archive_IsRefused_WhenItIsNoneOrDamaged()
    {
        Assert.Contains("no archive in", Given.Problem(Npz([1, 2, 3])), StringComparison.Ordinal);
        byte[] flipped = Convert.FromBase64String(Stored);
        flipped[60 + 128] ^= 4;
        Assert.Contains("x.npz[inputs], which is damaged: another checksum", Given.Problem(Npz(flipped)), StringComparison.Ordinal);

        // Says that four terabytes lie in a few bytes.
        byte[] absurd = Archive(("inputs.npy", new byte[100]));
        BitConverter.GetBytes(uint.MaxValue - 1).CopyTo(absurd, absurd.AsSpan().IndexOf("PK\x01\x02"u8) + 24);
        Assert.Contains("which is damaged: 4294967294 bytes packed into", Given.Problems(Npz(absurd))[0].Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Spec_IsWrittenAndReadBack_WithItsArrays()
    {
        var npz = new NpzSource { Path = "/data/x.npz", Members = ["a", "b"], MissingTargets = MissingTargets.Mask };
        Assert.Equal(npz, new NpzSource { Path = "/data/x.npz", Members = ["a", "b"], MissingTargets = MissingTargets.Mask });
        Assert.NotEqual(npz, npz with { Members = ["a", "c"] });
        Assert.NotEqual(npz, npz with { MissingTargets = MissingTargets.Refuse });
    }

    private DataSpec Npz(byte[] archive, params string[] members) => new()
    {
        Source = new NpzSource { Path = _directory.Write("x.npz", archive), Members = members }, BatchSize = 2,
    };

    private static byte[] Archive(params (string Name, byte[] Bytes)[] files)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create))
        {
            foreach (var (name, content) in files)
            {
                using Stream entry = archive.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }
}
