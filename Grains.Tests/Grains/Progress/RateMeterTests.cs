using Microsoft.Extensions.Time.Testing;
using Orleans.Tbptt.Grains.Progress;

namespace Orleans.Tbptt.Tests.Grains.Progress;

public sealed class RateMeterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RateMeter _rates;

    public RateMeterTests() => _rates = new(_time);

    [Theory]
    [InlineData(1, 0.05)]
    [InlineData(1, 2)]
    [InlineData(50, 0.5)]
    [InlineData(50, 20)]
    public void Rate_IsThatOfTheStepsThatAreDone_AtEveryMomentOfARound(int steps, double seconds)
    {
        _rates.Start();
        for (int round = 0; round < 200; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(seconds));
            _rates.Add(steps, 10L * steps);
        }

        foreach (double share in new[] { 0, 0.3, 0.6 })
        {
            _time.Advance(TimeSpan.FromSeconds(share * seconds));
            var (rate, sequenceSteps) = _rates.Rates();
            Assert.Equal(steps / seconds, rate, 1e-6 * rate);
            Assert.Equal(10 * steps / seconds, sequenceSteps, 1e-5 * sequenceSteps);
        }
    }

    [Fact]
    public void Rate_Falls_WhenARoundTakesLongerThanTheOneBefore()
    {
        _rates.Start();
        for (int round = 0; round < 3; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            _rates.Add(50, 50);
        }

        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(50 / 30.0, _rates.Rates().Steps, 1e-6);
    }

    [Fact]
    public void Rate_IsZero_BeforeTheFirstStep()
    {
        Assert.Equal((0, 0), _rates.Rates());
        _rates.Start();
        Assert.Equal((0, 0), _rates.Rates());
    }
}
