using System.Runtime.InteropServices;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

/// <summary>Every type and order of an array's numbers, and what integers are taken for: the rows of docs/data.md.</summary>
public sealed class ArrayTypeTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string, byte[], float[]> Types { get; } = new()
    {
        { "<f2", Bytes((Half)1.5f, (Half)(-2), (Half)65504, (Half)0.1f), [1.5f, -2, 65504, 0.099975586f] },
        { "<f4", Bytes(1.5f, -2f, 3e38f, 0.1f), [1.5f, -2, 3e38f, 0.1f] },
        { "<f8", Bytes(1.5, -2.0, 1e-50, 0.1), [1.5f, -2, 0, 0.1f] },
        { "|i1", Bytes<sbyte>(1, -128, 127, 0), [1, -128, 127, 0] },
        { "<i2", Bytes<short>(1, -32768, 32767, 0), [1, -32768, 32767, 0] },
        { "<i4", Bytes(1, int.MinValue, 7, 0), [1, int.MinValue, 7, 0] },
        { "<i8", Bytes(1L, -3, 1L << 40, 0), [1, -3, 1L << 40, 0] },
        { "|u1", Bytes<byte>(1, 255, 7, 0), [1, 255, 7, 0] },
        { "<u2", Bytes<ushort>(1, 65535, 7, 0), [1, 65535, 7, 0] },
        { "<u4", Bytes<uint>(1, uint.MaxValue, 7, 0), [1, uint.MaxValue, 7, 0] },
        { "<u8", Bytes<ulong>(1, ulong.MaxValue, 7, 0), [1, ulong.MaxValue, 7, 0] },
        { "|b1", [1, 0, 1, 0], [1, 0, 1, 0] },
    };

    [Theory, MemberData(nameof(Types))]
    public void Numbers_OfEveryType_AreReadAsValues_InEitherByteOrder(string descr, byte[] bytes, float[] expected)
    {
        int size = bytes.Length / 4;
        byte[] swapped = [.. bytes.Chunk(size).SelectMany(element => element.Reverse())];
        foreach (var (written, stored) in new[] { (descr, bytes), (descr.Replace('<', '>'), swapped) })
        {
            string path = _directory.Write("x.npy", [.. NpyFiles.Header($"'{written}'", "2, 2, 1"), .. stored]);
            using IDataSource source = Given.Open(Given.Npy(path, path));
            Assert.Equal(expected, (float[])[.. source.Training.Inputs(0), .. source.Training.Inputs(1)]);
            Assert.Equal(expected, (float[])[.. source.Training.Targets(0), .. source.Training.Targets(1)]);
        }
    }

    [Theory]
    [InlineData("<i8")]
    [InlineData(">u2")]
    [InlineData("|u1")]
    [InlineData("|b1")]
    public void Integers_AreTokensAndClasses_WhereModelAndLossTakeThem(string descr)
    {
        long[] numbers = [0, 1, 1, 0];
        byte[] bytes = [.. numbers.SelectMany(number => descr switch
        {
            "<i8" => BitConverter.GetBytes(number),
            ">u2" => [0, (byte)number],
            _ => [(byte)number],
        })];
        string path = _directory.Write("x.npy", [.. NpyFiles.Header($"'{descr}'", "2, 2"), .. bytes]);
        using IDataSource source = Given.Open(Given.Npy(path, path), Given.Embedding, loss: new CrossEntropy());
        Assert.Equal(new(0, 2, 0, 2), source.Shape);
        Assert.Equal([1L, 0], source.Training.Tokens(1));
        Assert.Equal([1L, 0], source.Training.Classes(1));
    }

    /// <summary>NumPy's example of its own: the bytes of numpy.asfortranarray(numpy.arange(24).reshape(2, 3, 4)).</summary>
    [Theory]
    [InlineData("2, 3, 4")]
    [InlineData("1, 6, 4")]
    [InlineData("6, 1, 4")]
    [InlineData("24, 1, 1")]
    public void FortranOrder_IsReadAsRows(string shape)
    {
        int[] axes = [.. shape.Split(", ").Select(int.Parse)];
        var stored = new float[24];
        for (int n = 0, at = 0; n < axes[0]; n++)
        {
            for (int t = 0; t < axes[1]; t++)
            {
                for (int f = 0; f < axes[2]; f++)
                    stored[n + (axes[0] * (t + (axes[1] * f)))] = at++;
            }
        }

        string path = _directory.Write(
            "x.npy", [.. NpyFiles.Header("'<f4'", shape, fortran: true), .. MemoryMarshal.AsBytes<float>(stored)]);
        using IDataSource source = Given.Open(Given.Npy(path, path));
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (float)i),
            Enumerable.Range(0, axes[0]).SelectMany(sequence => source.Training.Inputs(sequence, axes[2])));
    }

    /// <summary>Larger than the buffer in every direction, so that its blocks are cut on each axis.</summary>
    [Fact]
    public void FortranOrder_IsReadAsRows_WhenItIsLarge()
    {
        const int N = 3, T = 5_000, F = 700;
        string path = _directory.File("x.npy");
        using (var file = File.Create(path))
        {
            file.Write(NpyFiles.Header("'<f4'", $"{N}, {T}, {F}", fortran: true));
            var run = new float[N * T];
            for (int f = 0; f < F; f++)
            {
                for (int t = 0; t < T; t++)
                {
                    for (int n = 0; n < N; n++)
                        run[n + (N * t)] = (n * 1_000) + (t % 1_000) + (f / 1_024f);
                }

                file.Write(MemoryMarshal.AsBytes<float>(run));
            }
        }

        using IDataSource source = Given.Open(Given.Npy(path, path));
        foreach (var (sequence, time) in new[] { (0, 0), (1, 1), (2, T - 1), (1, 2_345) })
        {
            var row = new float[F];
            source.Training.ReadInputs(new(sequence, time, 1), row);
            Assert.Equal(Enumerable.Range(0, F).Select(f => (sequence * 1_000) + (time % 1_000) + (f / 1_024f)), row);
        }
    }

    /// <summary>Counts stay counts: the loss says what whole numbers are.</summary>
    [Fact]
    public void Counts_AreValues_WithALossOfValues()
    {
        string x = Npy("x", "<i4", "1, 3, 2", 1, 2, 3, 4, 5, 6), counts = Npy("counts", "<i8", "1, 3", 0L, 12, 7);
        using IDataSource source = Given.Open(Given.Npy(x, counts));
        Assert.Equal(new(2, 0, 1, 0), source.Shape);
        Assert.Equal([0f, 12, 7], source.Training.Targets(0));
        Assert.Equal([1f, 2, 3, 4, 5, 6], source.Training.Inputs(0, 2));
    }

    /// <summary>Following a remedy must not make another task of it: no message names another loss.</summary>
    [Fact]
    public void NumbersOfAnotherKind_AreRefused_WithTheConversionToWrite()
    {
        string tokens = Npy("tokens", "<i8", "1, 2", 0L, 1), oneHot = Npy("onehot", "<f4", "1, 2, 3", 1f, 0, 0, 0, 0, 1);
        string values = Npy("values", "<f4", "1, 2", 0f, 1), column = Npy("column", "<i8", "1, 2, 1", 0L, 1);
        Refused(Given.Npy(tokens, oneHot), $"data.source: found float32 of shape [1, 2, 3] in {oneHot} with loss cross_entropy, expected "
            + "classes, one whole number from 0 on for each time step; save array.argmax(-1) if each row marks one class (one-hot)");
        Refused(Given.Npy(tokens, values), $"data.source: found float32 of shape [1, 2] in {values} with loss cross_entropy, expected "
            + "classes, one whole number from 0 on for each time step; save array.astype('int64') if they are numbers of classes");
        Refused(Given.Npy(values, tokens), $"data.source: found float32 of shape [1, 2] in {values} with model.embedding, expected tokens, "
            + "whole numbers from 0 on; save array.astype('int64') if they are tokens; remove model.embedding if they are values");
        Refused(Given.Npy(column, tokens), $"data.source: found int64 of shape [1, 2, 1] in {column} with model.embedding, expected tokens "
            + "of shape [N, T]; save array[..., 0]");

        void Refused(DataSpec data, string message) => Assert.Equal(message, Given.Problem(data, Given.Embedding, new CrossEntropy()));
    }

    [Fact]
    public void Lengths_MayBeFloats_WhenTheyAreWhole()
    {
        string x = Npy("x", "<f4", "2, 2", 1f, 2, 3, 4);
        using IDataSource source = Given.Open(Given.Npy(x, x, Npy("n", "<f8", "2,", 1.0, 2.0)));
        Assert.Equal([1, 2], new[] { source.Training.Length(0), source.Training.Length(1) });
        Assert.Contains(
            "lengths float64 are all whole numbers and taken as such; array.astype('int64') would say so", source.Description.Remarks);
    }

    private static byte[] Bytes<T>(params ReadOnlySpan<T> values) where T : unmanaged => MemoryMarshal.AsBytes(values).ToArray();

    private string Npy<T>(string name, string descr, string shape, params T[] values)
        where T : unmanaged => _directory.Write(name + ".npy", NpyFiles.Of<T>(descr, shape, values));
}
