namespace Orleans.Tbptt.Tests.Data;

public sealed class NpyProblemTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _good;

    public NpyProblemTests() => _good = _directory.Write("good.npy", NpyFiles.Of<float>("<f4", "2, 2", 1, 2, 3, 4));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void File_IsRefused_WhenItIsNoArray()
    {
        Refused("no NumPy array", "a,b\n1,2\n"u8);
        Refused("an archive of NumPy arrays", "PK\x03\x04 and so on"u8);
        Refused("no NumPy array", []);
        Refused("no NumPy array", [0x93, .. "NUMP"u8]);
        Refused("NPY format 4.0", [0x93, .. "NUMPY"u8, 4, 0, 0, 0, 0, 0]);
        Refused("a truncated header", [0x93, .. "NUMPY"u8, 1, 0, 200, 0, .. "{'descr'"u8]);
        Refused("a truncated header", [0x93, .. "NUMPY"u8, 2, 0, 255, 255, 255, 255]);
        Refused("header '{'shape': (1,)}'", [0x93, .. "NUMPY"u8, 1, 0, 15, 0, .. "{'shape': (1,)}"u8]);
    }

    [Theory]
    [InlineData("'|O'", "2, 2", false, "an array of objects (ragged sequences?)")]
    [InlineData("'<f16'", "2, 2", false, "elements of type '<f16'")]
    [InlineData("'<i3'", "2, 2", false, "elements of type '<i3'")]
    [InlineData("'<c8'", "2, 2", false, "complex numbers (<c8)")]
    [InlineData("'<M8[ns]'", "2, 2", false, "times (<M8[ns])")]
    [InlineData("'<U5'", "2, 2", false, "texts (<U5)")]
    [InlineData("[('a', '<f4'), ('b', '<f4')]", "2, 2", false, "elements of type '[('a', '<f4'), ('b', '<f4')]'")]
    [InlineData("'<f4'", "2, 3", true, "144 bytes, a truncated array,")]
    [InlineData("'<f4'", "0, 2", false, "an array of shape [0, 2]")]
    [InlineData("'<f4'", "", false, "an array of shape []")]
    [InlineData("'<f4'", "2, -2", false, "size '-2'")]
    [InlineData("'<f4'", "2, 99999999999", false, "size '99999999999'")]
    [InlineData("'<f4'", "1, 1, 2, 2", false, "an array of shape [1, 1, 2, 2]")]
    [InlineData("'<f4'", "2, 3", false, "144 bytes, a truncated array,")]
    [InlineData("'<f4'", "2, 1", false, "144 bytes, some of them after the array's end,")]
    [InlineData("'<f4'", "2147483647, 2147483647, 2147483647", false, "bytes, a truncated array,")]
    public void File_IsRefused_WhenItsArrayCannotBeRead(string descr, string shape, bool fortran, string found) =>
        Refused(found, [.. NpyFiles.Header(descr, shape, fortran), .. new byte[16]]);

    [Fact]
    public void Arrays_AreRefused_WhenTheirShapesDisagree()
    {
        string other = _directory.Write("other.npy", NpyFiles.Of<float>("<f4", "2, 3, 1", 1, 2, 3, 4, 5, 6));
        Assert.StartsWith(
            $"data.source: found inputs [2, 2] in {_good} and targets [2, 3, 1] in {other}, expected the same number",
            Given.Problem(Given.Npy(_good, other)), StringComparison.Ordinal);
    }

    [Fact]
    public void Arrays_AreRefused_WhenTheirRanksFitNoRole()
    {
        string flat = _directory.Write("flat.npy", NpyFiles.Of<float>("<f4", "4,", 1, 2, 3, 4));
        Assert.Equal(
            $"data.source: found float32 of shape [4] in {flat}, expected inputs of shape [N, T, features] or [N, T]; write layout: stream "
            + "if it is one long series; save array[None, :] if it is one sequence", Given.Problem(Given.Npy(flat, flat)));
    }

    [Theory]
    [InlineData(0, "0 at LENGTHS[1], expected a length from 1 to 2")]
    [InlineData(3, "3 at LENGTHS[1], expected a length from 1 to 2")]
    [InlineData(-1, "-1 at LENGTHS[1], expected a length from 1 to 2")]
    public void Lengths_AreRefused_OutsideOfTheArray(long length, string message)
    {
        string lengths = _directory.Write("lengths.npy", NpyFiles.Of("<i8", "2,", 2L, length));
        Assert.StartsWith(
            "data.source: found " + message.Replace("LENGTHS", lengths, StringComparison.Ordinal),
            Given.Problem(Given.Npy(_good, _good, lengths)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_AreRefused_OfAnotherTypeOrNumber()
    {
        string three = _directory.Write("three.npy", NpyFiles.Of("<i8", "3,", 1L, 1, 1));
        Assert.Contains("expected lengths as integers of shape [2]", Given.Problem(Given.Npy(_good, _good, three)),
            StringComparison.Ordinal);
        string flags = _directory.Write("flags.npy", NpyFiles.Of<byte>("|b1", "2,", 1, 1));
        Assert.EndsWith("a mask of time steps is named by data.mask", Given.Problem(Given.Npy(_good, _good, flags)),
            StringComparison.Ordinal);
        string half = _directory.Write("half.npy", NpyFiles.Of("<f4", "2,", 1.5f, 2));
        Assert.Equal($"data.source: found 1.5 at {half}[0], expected a length from 1 to 2; save whole numbers: array.astype('int64')",
            Given.Problem(Given.Npy(_good, _good, half)));
    }

    [Fact]
    public void Files_AreAllNamed_WhenSeveralAreMissing()
    {
        string[] problems = [.. Given.Problems(Given.Npy("/nowhere/x.npy", "/nowhere/y.npy")).Select(problem => problem.Found)];
        Assert.Equal(["no file '/nowhere/x.npy'", "no file '/nowhere/y.npy'"], problems);
        Assert.StartsWith("data.source: found 1 file, expected npy:", Given.Problem(Given.Npy(_good)), StringComparison.Ordinal);
    }

    private void Refused(string found, ReadOnlySpan<byte> bytes)
    {
        string path = _directory.Write("x.npy", bytes.ToArray());
        string problem = Given.Problem(Given.Npy(path, _good));
        Assert.StartsWith("data.source: found ", problem, StringComparison.Ordinal);
        Assert.Contains($"{found} in {path}, expected ", problem, StringComparison.Ordinal);
    }
}
