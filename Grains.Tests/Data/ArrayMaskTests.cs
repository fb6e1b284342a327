using Orleans.Tbptt.Data;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused.Losses;

namespace Orleans.Tbptt.Tests.Data;

public sealed class ArrayMaskTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _x;

    public ArrayMaskTests() => _x = Npy("x", "<f4", "2, 3, 1", 1f, 2, 3, 4, 5, 6);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Classes_OfMinus100_AreMasked()
    {
        string y = Npy("y", "<i8", "2, 3", 2L, -100, 0, -100, -100, 1);
        using IDataSource source = Given.Open(Given.Npy(_x, y), loss: new CrossEntropy());
        Assert.Equal(new(1, 0, 0, 3) { IsMasked = true }, source.Shape);
        Assert.Equal([-100L, -100, 1], source.Training.Classes(1));

        string wrong = Npy("wrong", "<i8", "2, 3", 2L, -1, 0, 0, 0, 1);
        Assert.Equal($"data.source: found -1 at {wrong}[0, 1], expected a class from 0 to 2147483646, or -100 for none; number classes "
            + "from 0 on; -100 leaves a time step out of the loss", Given.Problem(Given.Npy(_x, wrong), loss: new CrossEntropy()));
    }

    [Fact]
    public void TargetsOfNaN_AreMasked_OnRequestOnly()
    {
        DataSpec data = Given.Npy(_x, Npy("y", "<f8", "2, 3, 2", 1, double.NaN, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
        Assert.EndsWith("expected a finite number in the range of float32; fill it, or write missingTargets: mask in data, which leaves it "
            + "out of the loss", Given.Problem(data), StringComparison.Ordinal);
        using IDataSource source = Given.Open(data.Of(source => source with { MissingTargets = MissingTargets.Mask }));
        Assert.Equal(new(1, 0, 2, 0) { IsMasked = true }, source.Shape);
        Assert.Equal([1, float.NaN, 3, 4, 5, 6], source.Training.Targets(0, 2));
    }

    [Theory]
    [InlineData("|b1", "2, 3")]
    [InlineData("<f4", "2, 3, 1")]
    [InlineData("<i8", "2, 3")]
    public void Mask_LeavesTimeStepsOut_WhateverTheirTargetsHold(string descr, string shape)
    {
        byte[] ones = [1, 0, 1, 1, 1, 0];
        string mask = _directory.Write("mask.npy", [.. NpyFiles.Header($"'{descr}'", shape), .. ones.SelectMany(one => descr switch
        {
            "<f4" => BitConverter.GetBytes((float)one),
            "<i8" => BitConverter.GetBytes((long)one),
            _ => [one],
        })]);
        using IDataSource source = Given.Open(Masked(Npy("y", "<f4", "2, 3", 1f, float.NaN, 3, 4, 5, float.PositiveInfinity), mask));
        Assert.True(source.Shape.IsMasked);
        Assert.Equal([1f, float.NaN, 3], source.Training.Targets(0));
        Assert.Equal([4f, 5, float.NaN], source.Training.Targets(1));

        using IDataSource classes = Given.Open(Masked(Npy("c", "<i4", "2, 3", 1, -7, 3, 4, 5, 9), mask), loss: new CrossEntropy());
        Assert.Equal([1L, -100, 3], classes.Training.Classes(0));
        Assert.Equal(6, classes.Shape.Classes);
    }

    [Fact]
    public void Mask_MayBeOfSingleTargets()
    {
        string y = Npy("y", "<f4", "2, 3, 2", [.. Enumerable.Range(0, 12).Select(i => (float)i)]);
        string mask = Npy<byte>("mask", "|u1", "2, 3, 2", 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1);
        using IDataSource source = Given.Open(Masked(y, mask));
        Assert.Equal([0f, float.NaN, 2, 3, 4, 5], source.Training.Targets(0, 2));
        Assert.Equal([6f, 7, 8, 9, float.NaN, 11], source.Training.Targets(1, 2));
    }

    [Fact]
    public void Mask_IsRefused_OfAnotherShapeOrWithOtherNumbers_OrWhenItLeavesNothing()
    {
        string y = Npy("y", "<f4", "2, 3", 1f, 2, 3, 4, 5, 6);
        Assert.Contains("expected the shape of the targets, [2, 3], or that of their time steps",
            Given.Problem(Masked(y, Npy<byte>("short", "|u1", "2, 2", 1, 1, 1, 1))), StringComparison.Ordinal);
        Assert.Contains("expected the shape of the targets",
            Given.Problem(Masked(y, Npy<byte>("turned", "|u1", "3, 2", 1, 1, 1, 1, 1, 1))), StringComparison.Ordinal);
        string half = Npy("half", "<f4", "2, 3", 1f, 0.5f, 1, 1, 1, 1);
        Assert.Equal($"data.mask: found 0.5 at {half}[0, 1], expected 1 for a target that counts, or 0; save 0 and 1",
            Given.Problem(Masked(y, half)));
        Assert.Contains("no target that counts in the part that is trained on",
            Given.Problem(Masked(y, Npy<byte>("none", "|u1", "2, 3", 0, 0, 0, 0, 0, 0))), StringComparison.Ordinal);
        Assert.Contains("no target that counts in the part that is held out",
            Given.Problem(Masked(y, Npy<byte>("held", "|u1", "2, 3", 1, 1, 1, 0, 0, 0)) with { ValidationFraction = 0.5 }),
            StringComparison.Ordinal);
    }

    private DataSpec Masked(string targets, string mask) => Given.Npy(_x, targets).Of(source => (NpySource)source with { Mask = mask });

    private string Npy<T>(string name, string descr, string shape, params T[] values)
        where T : unmanaged => _directory.Write(name + ".npy", NpyFiles.Of<T>(descr, shape, values));
}
