using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Hdf5;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Tests.Data.Hdf5;

/// <summary>Datasets that h5py wrote, in every layout, against the values that it was given.</summary>
public sealed class Hdf5SourceTests : IDisposable
{
    private const string Scaled = "which makes other values of the numbers that are stored";
    private const string Missing = "which stands for missing values";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, bool> Types()
    {
        var types = new TheoryData<string, bool>();
        foreach (string type in new[] { "f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8" })
        {
            types.Add(type, false);
            types.Add(type, true);
        }

        return types;
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Numbers_OfEveryType_AreReadAsValues_InEitherByteOrder(string type, bool isBig)
    {
        using NpyArray array = Open("old", $"types/{(isBig ? "big" : "little")}/{type}");
        int least = type[0] == 'u' ? 0 : -2;
        Assert.Equal(Enumerable.Range(least, 6).Select(value => (float)value), Values(array));
        Assert.Equal(NpyType.TryParse($"{(isBig ? '>' : '<')}{type}"), array.Header.Type);
    }

    [Fact]
    public void Flags_AreBooleans_AndEnumerationsTheirNumbers()
    {
        using NpyArray flags = Open("old", "types/bool"), words = Open("old", "types/enum");
        Assert.Equal((NumberKind.Boolean, NumberKind.Unsigned), (flags.Header.Type.Kind, words.Header.Type.Kind));
        Assert.Equal([0f, 1, 1, 1, 0, 0], Values(flags));
        Assert.Equal([2f, 0, 1], Values(words));
    }

    [Theory]
    [InlineData("old", "compact", "2, 3")]
    [InlineData("old", "contiguous", "30, 20")]
    [InlineData("old", "/chunked/plain", "30, 20")]
    [InlineData("old", "chunked/gzip", "30, 20")]
    [InlineData("old", "chunked/shuffle", "30, 20")]
    [InlineData("old", "chunked/shuffle alone", "30, 20")]
    [InlineData("old", "chunked/fletcher", "30, 20")]
    [InlineData("old", "chunked/all", "30, 20")]
    [InlineData("old", "chunked/three", "5, 6, 7")]
    [InlineData("old", "chunked/column", "50, 7")]
    [InlineData("old", "chunked/column of doubles", "5, 20, 3")]
    [InlineData("old", "chunked/one", "100")]
    [InlineData("old", "chunked/bytes", "11, 13")]
    [InlineData("old", "skipped", "6, 3")]
    [InlineData("latest", "contiguous", "30, 20")]
    [InlineData("latest", "implicit", "30, 20")]
    [InlineData("latest", "plain/single", "30, 20")]
    [InlineData("latest", "plain/fixed", "30, 20")]
    [InlineData("latest", "plain/growing", "30, 20")]
    [InlineData("latest", "plain/tree", "30, 20")]
    [InlineData("latest", "packed/single", "30, 20")]
    [InlineData("latest", "packed/fixed", "30, 20")]
    [InlineData("latest", "packed/growing", "30, 20")]
    [InlineData("latest", "packed/tree", "30, 20")]
    public void Values_AreReadInTheirPlaces_InEveryLayout(string file, string dataset, string shape)
    {
        using NpyArray array = Open(file, dataset);
        Assert.Equal(shape, string.Join(", ", array.Header.Shape));
        Assert.Equal(Enumerable.Range(0, (int)array.Header.Elements).Select(value => (float)value), Values(array));
    }

    [Fact]
    public void Dataset_IsFound_InAGroupWithAnIndexOfNames()
    {
        using NpyArray array = Open("latest", "many/array 17");
        Assert.Equal([17f, 18], Values(array));
    }

    [Theory]
    [InlineData("text", "texts in ")]
    [InlineData("words", "texts in ")]
    [InlineData("structure", "structures in ")]
    [InlineData("complex", "complex numbers in ")]
    [InlineData("ragged", "sequences of unlike lengths in ")]
    [InlineData("long double", "floating-point numbers of 128 bits that are not float16, float32 or float64 in ")]
    [InlineData("bfloat16", "elements of type bfloat16 in ")]
    [InlineData("lzf", "chunks packed by LZF in ")]
    [InlineData("scaleoffset", "chunks packed by scaleoffset in ")]
    [InlineData("external", ", whose values lie in other files")]
    [InlineData("virtual", ", whose values lie in other files")]
    [InlineData("unwritten", "that were never written: all of them")]
    [InlineData("half written", "that were never written: those of chunk 1")]
    [InlineData("scalar", " of shape []")]
    [InlineData("empty", " of shape [0, 3]")]
    [InlineData("four", " of shape [1, 1, 1, 1]")]
    public void Dataset_IsRefusedByName_WhenItsValuesCannotBeRead(string dataset, string found)
    {
        string path = Write("old");
        var error = Assert.Throws<ArrayContainerException>(() => Open(path, $"refused/{dataset}", new ProblemList()));
        Assert.Contains($"{path}[refused/{dataset}]", error.Found, StringComparison.Ordinal);
        Assert.Contains(found, error.Found, StringComparison.Ordinal);
    }

    /// <summary>NetCDF-4 files are HDF5 files, often of whole numbers that stand for others.</summary>
    [Theory]
    [InlineData("scale", "scale_factor of 0.01", Scaled)]
    [InlineData("group/scale of one element", "scale_factor of 0.5", Scaled)]
    [InlineData("offset", "add_offset of 273", Scaled)]
    [InlineData("offset in big-endian", "add_offset that is not one number in little-endian", Scaled)]
    [InlineData("fill", "scale_factor of 2", Scaled)]
    [InlineData("missing", "missing_value of 1E+20", Missing)]
    [InlineData("missing of several", "missing_value that is not one number in little-endian", Missing)]
    [InlineData("text", "missing_value that is not one number in little-endian", Missing)]
    public void Attributes_ThatMakeOtherValuesOfTheStoredOnes_AreRefused(string dataset, string attribute, string why)
    {
        string path = Write("packed");
        var error = Assert.Throws<ArrayContainerException>(() => Open(path, dataset, new ProblemList()));
        Assert.Equal($"the attribute {attribute} at {path}[{dataset}], {why}", error.Found);
        Assert.Contains($"d = h5py.File('{path}')['{dataset}']; ", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Attributes_ThatChangeNothing_ArePassedOver()
    {
        using NpyArray array = Open("packed", "plain");
        Assert.Equal([0f, 1, 2, 3, 4, 5], Values(array));
    }

    [Theory]
    [InlineData("linked", "a link to '/contiguous' at ")]
    [InlineData("circle", "a link to 'circle' at ")]
    [InlineData("elsewhere", "a link to 'old.h5:/contiguous' at ")]
    [InlineData("many", ", which is no dataset")]
    [InlineData("plain/growing columns", ", whose chunks have an index of HDF5 1.10 along axis 2")]
    public void Links_Groups_AndChunksThatGrowSideways_AreRefused(string name, string found) => Assert.Contains(
        found, Assert.Throws<ArrayContainerException>(() => Open("latest", name)).Found, StringComparison.Ordinal);

    [Fact]
    public void Arrays_AreReadByTheirRoles_AndByTheirNames()
    {
        using (IDataSource source = Given.Open(Data(Write("roles"))))
        {
            Assert.Equal(new(1, 0, 1, 0), source.Shape with { IsMasked = false });
            Assert.Equal([3, 2], new[] { source.Training.Length(0), source.Training.Length(1) });
            Assert.Equal([3f, 4], source.Training.Inputs(1));
            Assert.Equal([float.NaN, 40], source.Training.Targets(1));
        }

        using (IDataSource source = Given.Open(Data(Write("roles"), "train/x", "train/y").As(ArrayLayout.Stream)))
        {
            Assert.Equal([8f, 9, 10, 11, 12, 13, 14, 15], source.Training.Inputs(1, 2));
            Assert.Equal([4f, 5, 6, 7], source.Training.Targets(1));
        }

        string path = _directory.File("x.h5");
        Assert.Equal(
            $"data.source: found no dataset 'train/z' in {path}, expected one of its datasets: 'inputs', 'lengths', 'mask', 'targets', "
            + "'train/x', 'train/y'; correct the name in data.members", Given.Problem(Data(path, "train/x", "train/z")));
    }

    [Fact]
    public void File_IsRefused_WhenItIsNone()
    {
        string path = _directory.Write("x.h5", "a,b\n1,2\n");
        Assert.StartsWith(
            $"data.source: found no HDF5 file that can be read in {path} (", Given.Problem(Data(path)), StringComparison.Ordinal);
    }

    [Fact]
    public void Checksum_FindsADamagedChunk()
    {
        string path = Write("old");
        byte[] file = File.ReadAllBytes(path), chunk = [.. BitConverter.GetBytes(26f), .. BitConverter.GetBytes(27f)];

        // Of each dataset whose chunks are not packed: the contiguous one, that of plain chunks, and that of a checksum alone.
        for (int at = 0; (at = file.AsSpan(at).IndexOf(chunk) is >= 0 and var next ? at + next : -1) >= 0; at += 8)
            file[at] ^= 1;
        File.WriteAllBytes(path, file);
        using (NpyArray plain = Open(path, "chunked/plain", new ProblemList()))
            Assert.NotEqual(26f, Values(plain)[26]);
        Assert.Contains(
            "checksum", Assert.Throws<ArrayContainerException>(() => Open(path, "chunked/fletcher", new ProblemList())).Found,
            StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What a dataset is read by is not public in PureHDF: another release may have other members, and is tried first.</summary>
    [Fact]
    public void Library_IsTheRelease_WhoseInternalsAreRead() =>
        Assert.StartsWith("2.2.0", typeof(PureHDF.H5File).Assembly.GetCustomAttributes(
            typeof(System.Reflection.AssemblyInformationalVersionAttribute), inherit: false)
            .Cast<System.Reflection.AssemblyInformationalVersionAttribute>().Single().InformationalVersion, StringComparison.Ordinal);

    private static float[] Values(NpyArray array)
    {
        var values = new float[(int)array.Header.Elements];
        array.Read(0, values);
        return values;
    }

    private static DataSpec Data(string path, params string[] members) =>
        new() { Source = new Hdf5Source { Path = path, Members = members }, BatchSize = 2 };

    private string Write(string file) => _directory.Write("x.h5", Hdf5Files.Unpack(file));

    private NpyArray Open(string file, string dataset) => Open(Write(file), dataset, new ProblemList());

    private static NpyArray Open(string path, string dataset, ProblemList problems)
    {
        SafeFileHandle handle = File.OpenHandle(path);
        using Hdf5File file = Hdf5File.Open(handle, path);
        Assert.True(file.Has(dataset), $"no {dataset}");
        NpyArray? array = file.TryOpen(dataset, problems);
        problems.ThrowIfAny();
        return array!;
    }
}
