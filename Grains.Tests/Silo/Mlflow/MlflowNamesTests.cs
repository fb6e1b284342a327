using Orleans.Tbptt.Silo.Mlflow;

namespace Orleans.Tbptt.Tests.Silo.Mlflow;

/// <summary>Names that MLflow takes.</summary>
public sealed class MlflowNamesTests
{
    private readonly MlflowNames _names = new();

    [Theory]
    [InlineData("RMSE in kW", "epoch/RMSE in kW")]
    [InlineData("RMSE in kW²/h", "epoch/RMSE in kW__h")]
    [InlineData("", "epoch/_")]
    [InlineData(".", "epoch/_.")]
    [InlineData("../x", "epoch/_.._x")]
    public void Characters_AreThoseOfMlflow_AndNoNameIsAnotherOneAsAPath(string original, string expected) =>
        Assert.Equal(expected, _names.Of("epoch/", original));

    [Fact]
    public void LongNames_AreCut_AndStayDifferent()
    {
        string[] names = [.. new[] { "a", "b" }.Select(end => _names.Of("epoch/", new string('x', 300) + end))];

        Assert.All(names, name => Assert.Equal(250, name.Length));
        Assert.NotEqual(names[0], names[1]);
    }

    /// <summary>Parameters of one name would be refused, metrics of one would be mixed.</summary>
    [Fact]
    public void NamesThatWouldBecomeOne_StayDifferent_AndTheSame()
    {
        Assert.Equal("kW_", _names.Of("", "kW²"));
        string other = _names.Of("", "kW³");
        Assert.Matches("^kW_-[0-9a-f]{8}$", other);
        Assert.Equal("kW_", _names.Of("", "kW²"));
        Assert.Equal(other, _names.Of("", "kW³"));
    }
}
