using System.Text.Json;
using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Tests.Abstractions.Numerics;

/// <summary>Functions of losses and distributions against mpmath: <c>functions.py</c> made the figures.</summary>
public sealed class PortableFunctionTests
{
    /// <summary>
    /// Relative or absolute, whichever is larger: a dozen operations round by 1.1e-16 each, and logarithms of gamma functions of up to
    /// 1e4 that are subtracted in the incomplete beta function leave 1e-12 each.
    /// </summary>
    private static readonly (string Name, Func<double[], double> Function, double Tolerance)[] Functions =
    [
        ("logGamma", x => PortableGamma.Logarithm(x[0]), 1e-14), ("digamma", x => PortableGamma.Digamma(x[0]), 1e-14),
        ("softplus", x => PortableActivation.Softplus(x[0]), 1e-15), ("sigmoid", x => PortableActivation.Sigmoid(x[0]), 1e-15),
        ("normal", x => PortableDistributions.Normal(x[0]), 1e-14), ("student", x => PortableDistributions.Student(x[0], x[1]), 1e-11),
        ("negativeBinomial", x => PortableDistributions.NegativeBinomial(x[0], x[1], x[2]), 1e-11),
    ];

    private static readonly JsonElement Golden =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "functions.json"))).RootElement;

    public static TheoryData<string> Names { get; } = [.. Functions.Select(one => one.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Function_IsThatOfMpmath(string name)
    {
        var (_, function, tolerance) = Functions.Single(one => one.Name == name);
        var rows = Golden.GetProperty(name).EnumerateArray().Select(row => row.EnumerateArray().Select(one => one.GetDouble()).ToArray());

        Assert.All(rows, row =>
        {
            double found = function(row[..^1]), allowed = tolerance * Math.Max(1, Math.Abs(row[^1]));
            Assert.True(Math.Abs(found - row[^1]) <= allowed, $"{string.Join(", ", row[..^1])}: found {found:R}, expected {row[^1]:R}");
        });
    }

    /// <summary>Small results keep their digits: a softplus far below 0 is the exponential.</summary>
    [Fact]
    public void SmallResults_KeepTheirDigits() => Assert.Equal(1, PortableActivation.Softplus(-40) / Math.Exp(-40), 1e-14);

    [Fact]
    public void Quantiles_AreWhereTheDistributionReachesTheLevel()
    {
        Assert.Equal(0.9, PortableDistributions.Student(PortableDistributions.StudentQuantile(0.9, 3.3), 3.3), 1e-12);
        double count = PortableDistributions.NegativeBinomialQuantile(0.9, 40, 0.3);
        Assert.True(PortableDistributions.NegativeBinomial(count, 40, 0.3) >= 0.9);
        Assert.True(PortableDistributions.NegativeBinomial(count - 1, 40, 0.3) < 0.9);
        Assert.Equal(0, PortableDistributions.NegativeBinomialQuantile(0.1, 0.05, 0.2));
    }

    [Fact]
    public void WhatIsNoDistribution_GivesNaN_AndEnds() => Assert.All(
        new[]
        {
            PortableGamma.Logarithm(-1), PortableGamma.Digamma(0), PortableDistributions.Beta(0.5, double.PositiveInfinity, 1),
            PortableDistributions.StudentQuantile(0.9, double.NaN), PortableDistributions.NegativeBinomialQuantile(0.9, double.NaN, 1),
            PortableDistributions.NegativeBinomialQuantile(0.9, double.PositiveInfinity, 1), PortableActivation.Softplus(double.NaN),
        }, found => Assert.Equal(double.NaN, found));
}
